"""NewSchedules: writes many new schedules at once. They are staged while no lock is held, and moved in a transaction.

If nothing was changed since `NewSchedules` began, no name was taken meanwhile, and the links of the hash chain are as
computed before the transaction. Otherwise the transaction checks the names and computes the links.
"""

import json
from collections.abc import Iterator
from itertools import repeat
from types import TracebackType
from typing import Self

from schedbot.admin.fields import timing
from schedbot.admin.fields.schedule_fields import ScheduleFields
from schedbot.admin.import_export.plain_lines import PlainBatch
from schedbot.admin.import_export.repeated_terms import NewSchedule
from schedbot.admin.import_export.terms_text import serialize_terms
from schedbot.admin.schedules.writer import ScheduleWriter
from schedbot.store.fanout import enqueue_due, pause_all_end
from schedbot.store.fanout.insert_jobs import LOOK_AHEAD_MS
from schedbot.store.history import changes
from schedbot.store.imports import move
from schedbot.store.imports.move import NameInUse
from schedbot.store.imports.row_builder import MOST_TERMS, NewRow, Origin, TermsText
from schedbot.store.imports.staging import Stage
from schedbot.store.operations import heartbeats

LARGE = 10_000  # new schedules; more are worth a second process, and a transaction with settings of its own
BATCH = 1_000


class NewSchedules:
    """New schedules of one import or sync. `writer` knows its workspaces, source and context.

    `last_change`: number of the newest change on record when the check of their names began. `is_large`: there may be
    so many that a second process is worth it.
    """

    def __init__(self, writer: ScheduleWriter, last_change: int, is_large: bool = False) -> None:
        self.db = writer.db
        self.writer = writer
        context = writer.context
        self.origin = Origin(last_change + 1, context.now, context.actor, context.host, context.command)
        self.stage = Stage(self.db, self.origin, is_large)
        self.links: list[bytes] = []
        self.count = 0
        self.rows: list[NewRow] = []
        self.new_terms: dict[int, TermsText] = {}
        self.numbers: dict[int, int] = {}  # of shared values, by the id() of their fields
        self.held: list[ScheduleFields] = []  # so that no other object gets their id

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stage.remove()

    def add(self, new: NewSchedule, line: int = 0) -> None:
        """Stage a new schedule, whose values are checked. Raises BadField for an unknown workspace."""
        name, account, channel, report, shared = new
        number = self.numbers.get(id(shared))
        if number is None:
            number = self.add_terms(new)
        params = json.dumps(report.params, ensure_ascii=False) if report.params else "{}"
        self.rows.append((line, name, account, channel, report.kind, report.source, params, number))
        if len(self.rows) >= BATCH:
            self.flush()

    def add_plain(self, plain: PlainBatch) -> None:
        """Stage new schedules of texts, whose values are checked."""
        numbers = list(map(self.numbers.get, map(id, plain.shared)))
        if None in numbers:
            for line, new in plain.each():
                self.add(new, line)
            return
        own = plain.lines, plain.names, plain.accounts, plain.channels
        self.rows += zip(*own, repeat("text"), plain.texts, repeat("{}"), numbers, strict=False)
        if len(self.rows) >= BATCH:
            self.flush()

    def add_terms(self, new: NewSchedule) -> int:
        """Stage the values that the schedule shares with others. Returns their number."""
        if len(self.numbers) >= MOST_TERMS:
            self.flush()
            self.numbers.clear()
            self.held.clear()
        schedule = self.writer.new_schedule(new.fields)
        first = timing.first_after(schedule.recurrence, self.writer.context.now)
        number = self.stage.add_terms(schedule, first)
        self.new_terms[number] = serialize_terms(schedule)
        self.numbers[id(new.shared)] = number
        self.held.append(new.shared)
        return number

    def flush(self) -> None:
        """Stage the rows that wait."""
        self.count += len(self.rows)
        self.stage.rows.add(self.new_terms, self.rows)
        self.rows.clear()
        self.new_terms.clear()

    def end_staging(self) -> None:
        """Stage what is left, before the transaction. Raises DatabaseUnusable."""
        self.flush()
        self.links = self.stage.rows.end()

    def list_names_in_use(self) -> Iterator[NameInUse]:
        """Yield the names that were taken since the check. Inside the transaction."""
        return iter(()) if self.is_untouched() else move.list_names_in_use(self.db)

    def is_untouched(self) -> bool:
        """Was nothing changed since the check began?"""
        return changes.last_number(self.db) + 1 == self.origin.first

    def write(self) -> None:
        """Write the schedules, their changes and the occurrences within the look-ahead. Inside the transaction."""
        if not self.count:
            return
        origin, now = self.origin, self.origin.now
        links = self.links if self.is_untouched() else None
        move.add_schedules(self.db, now, self.count)
        move.add_changes(self.db, origin._replace(first=changes.last_number(self.db) + 1), links)
        heartbeats.beat_command(self.db, now)
        self.enqueue()

    def enqueue(self) -> None:
        """Enqueue the occurrences within the look-ahead. Recurrences without one need no more."""
        now = self.origin.now
        if move.has_active(self.db):
            pause_all_end.settle(self.db, now)
        for recurrence_id in move.list_upcoming(self.db, now + LOOK_AHEAD_MS):
            enqueue_due.enqueue_upcoming(self.db, None, recurrence_id, now)
