"""NewSchedules: writes many new schedules at once. They are staged while no lock is held, and moved in a transaction.

Rule: where nothing was changed since `NewSchedules` began, no name was taken either, and the hash chain of the changes
is computed already. Otherwise both are looked at inside the transaction.
"""

import secrets
from collections.abc import Iterator
from itertools import count

from schedbot.admin.fields import timing
from schedbot.admin.fields.schedule_fields import ScheduleFields
from schedbot.admin.import_export.recorded_text import RecordedText, members_of_report
from schedbot.admin.import_export.repeated_terms import NewSchedule
from schedbot.admin.schedules.writer import ScheduleWriter, new_id
from schedbot.store.fanout import enqueue_due, pause_all_end
from schedbot.store.fanout.insert_jobs import LOOK_AHEAD_MS
from schedbot.store.history import changes
from schedbot.store.imports import move
from schedbot.store.imports.change_links import ChangeLinks
from schedbot.store.imports.move import NameInUse
from schedbot.store.imports.staging import Stage, StagedSchedule, params_to_json
from schedbot.store.operations import heartbeats

LARGE = 10_000  # new schedules of a large transaction
BATCH = 1_000
MOST_TERMS = 50_000  # that are remembered; more are staged again


class SharedTerms:
    """Staged values that schedules share: their number, the id of their workspace, and their JSON on record."""

    def __init__(self, number: int, workspace_id: str, text: RecordedText) -> None:
        self.number = number
        self.workspace_id = workspace_id
        self.text = text


class NewSchedules:
    """New schedules of one import or sync. `writer` knows its workspaces, source and context.

    `last_change`: number of the newest change on record when the check of their names began; None: it begins now.
    """

    def __init__(self, writer: ScheduleWriter, last_change: int | None = None) -> None:
        self.db = writer.db
        self.writer = writer
        context = writer.context
        self.first_change = (changes.last_number(self.db) if last_change is None else last_change) + 1
        self.links = ChangeLinks(self.first_change, context.now, context.actor, context.host, context.command)
        self.ids = ascending_ids(context.now)
        self.stage = Stage(self.db)
        self.count = 0
        self.rows: list[StagedSchedule] = []
        self.terms: dict[int, tuple[SharedTerms, ScheduleFields]] = {}  # by id(); the fields are held, so ids stay

    def add(self, new: NewSchedule, line: int = 0) -> None:
        """Stage a new schedule, whose values are checked. Raises BadField for an unknown workspace."""
        name, account, channel, report, _ = new
        terms = self.find_terms(new)
        schedule_id = next(self.ids)
        params = params_to_json(report.params)
        after = terms.text.of(name, account, channel, members_of_report(report.kind, report.source, params))
        self.links.add(terms.workspace_id, schedule_id, name, after)
        self.rows.append(
            StagedSchedule(
                self.count,
                line,
                schedule_id,
                name,
                account,
                channel,
                report.kind,
                report.source,
                params,
                after,
                terms.number,
            )
        )
        self.count += 1
        if len(self.rows) >= BATCH:
            self.flush()

    def find_terms(self, new: NewSchedule) -> SharedTerms:
        """Return the values that the schedule shares, which are staged at the first one."""
        known = self.terms.get(id(new.shared))
        if known:
            return known[0]
        if len(self.terms) >= MOST_TERMS:
            self.terms.clear()
        schedule = self.writer.new_schedule(new.fields)
        first = timing.first_after(schedule.recurrence, self.writer.context.now)
        terms = SharedTerms(self.stage.add_terms(schedule, first), schedule.workspace_id, RecordedText(schedule))
        self.terms[id(new.shared)] = terms, new.shared
        return terms

    def flush(self) -> None:
        """Stage the rows that wait."""
        self.stage.add(self.rows)
        self.rows.clear()

    def end_staging(self) -> None:
        """Stage what is left, before the transaction."""
        self.flush()
        self.links.end_link()

    def list_names_in_use(self) -> Iterator[NameInUse]:
        """Yield the names that were taken since the check. Inside the transaction."""
        return iter(()) if self.is_untouched() else move.list_names_in_use(self.db)

    def is_untouched(self) -> bool:
        """Was nothing changed since the check began?"""
        return changes.last_number(self.db) + 1 == self.first_change

    def write(self) -> None:
        """Write the schedules, their changes and the occurrences within the look-ahead. Inside the transaction."""
        if not self.count:
            return
        context = self.writer.context
        first = changes.last_number(self.db) + 1
        links = self.links.links if first == self.first_change else None
        move.add_schedules(self.db, context.now)
        values = {"now": context.now, "actor": context.actor, "host": context.host, "command": context.command}
        move.add_changes(self.db, {"first": first, **values}, links)
        heartbeats.beat_command(self.db, context.now)
        self.enqueue()

    def enqueue(self) -> None:
        """Enqueue the occurrences within the look-ahead. Recurrences without one need no more."""
        now = self.writer.context.now
        if move.has_active(self.db):
            pause_all_end.settle(self.db, now)
        for recurrence_id in move.list_upcoming(self.db, now + LOOK_AHEAD_MS):
            enqueue_due.enqueue_upcoming(self.db, None, recurrence_id, now)


def ascending_ids(now: int) -> Iterator[str]:
    """Yield UUIDs of version 7, each greater than the one before (RFC 9562, 6.2): the rows lie in this order."""
    head = new_id(now)[:24]
    return (f"{head}{node:012x}" for node in count(secrets.randbits(47), secrets.randbits(20) + 1))
