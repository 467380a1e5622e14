"""ImportPlan: every line of an imported file, checked against the schedules that exist. Nothing is written.

A line reports its first bad cell. The check runs outside of the transaction, so that pools wait for the writing alone.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from schedbot import times
from schedbot.admin.fields.parsers import BadField, clean_cell
from schedbot.admin.fields.schedule_fields import NO_ZONES, ScheduleFields, Zones, slack_user, slack_user_of
from schedbot.admin.import_export import exporter
from schedbot.admin.import_export.formats import Record
from schedbot.admin.import_export.line_errors import LineErrors
from schedbot.admin.import_export.repeated_cells import RepeatedCells
from schedbot.admin.import_export.repeated_terms import RepeatedTerms
from schedbot.admin.schedules.writer import ScheduleWriter
from schedbot.admin.workspaces import user_zones
from schedbot.errors import BadFile
from schedbot.model import Schedule
from schedbot.reports.definitions import Definitions
from schedbot.session import Session
from schedbot.slack.user_ids import is_user_zone
from schedbot.store.fanout import count_past_occurrences
from schedbot.store.schedules import lookup

BATCH = 500

Progress = Callable[[int, int], None]  # called with the work done and the work in all
Item = TypeVar("Item")


class PlannedChange(NamedTuple):
    """A schedule to write, and the schedule that it replaces; None: a new one."""

    line: int
    fields: ScheduleFields
    before: Schedule | None


@dataclass(slots=True)
class ImportPlan:
    """Changes that an import makes, and the number of schedules that stay as they are."""

    changes: list[PlannedChange] = field(default_factory=list)
    unchanged: int = 0


class ImportChecker:
    """Checks the records of one file. `update`: schedules that exist may be changed."""

    def __init__(self, writer: ScheduleWriter, update: bool, zones: Zones, definitions: Definitions) -> None:
        self.writer = writer
        self.definitions = definitions
        self.update = update
        self.zones = zones
        self.plan = ImportPlan()
        self.repeated = RepeatedCells()
        self.terms = RepeatedTerms(writer.context.now, zones, definitions)

    def check_all(self, records: Sequence[Record], errors: LineErrors, progress: Progress) -> None:
        """Add a planned change for each good record, and an error for each bad one."""
        for done, batch in batches(records):
            progress(done, 2 * len(records))
            existing = lookup.by_names(self.writer.db, [record.name for record in batch])
            for record in batch:
                try:
                    self.check(record, existing.get(record.name))
                except BadField as error:
                    self.repeated.remember(record, error)
                    errors.add(record.line, error.column, error)

    def check(self, record: Record, before: Schedule | None) -> None:
        """Check one record and add its change to the plan. Raises BadField for its first bad cell."""
        self.repeated.refuse(record)
        if before is not None and not self.update:
            hint = "Use --update to change it, or choose another name."
            raise BadField("name", f"A schedule named {times.quote(before.name)} exists.", hint)
        fields = self.parse(record, before)
        if fields is None:
            self.plan.unchanged += 1
            return
        self.writer.shared_hours(fields)
        self.plan.changes.append(PlannedChange(record.line, fields, before))

    def parse(self, record: Record, before: Schedule | None) -> ScheduleFields | None:
        """Return the values of a record; None if they equal those of the schedule. Raises BadField.

        Only cells that differ are parsed, since an instant of the schedule may be past by now.
        """
        now = self.writer.context.now
        if before is None:
            return self.terms.parse(record.fields)
        cells = {column: clean_cell(column, text) for column, text in exporter.to_cells(before).items()}
        different = {column: text for column, text in record.fields.items() if text != cells[column]}
        if not different:
            return None
        base = ScheduleFields.of(before, count_past_occurrences.count_occurrences(self.writer.db, before, now))
        return ScheduleFields.parse(different, now, base, self.zones, self.definitions)


def batches(items: Sequence[Item]) -> Iterator[tuple[int, Sequence[Item]]]:
    """Yield the items in batches, each with the number of items before it."""
    return ((start, items[start : start + BATCH]) for start in range(0, len(items), BATCH))


def refuse_bad_lines(errors: LineErrors, name: str) -> None:
    """Raise BadFile if a line of the file is wrong."""
    bad = len(errors.bad_lines)
    if bad:
        lines = "1 line is" if bad == 1 else f"{bad:,} lines are"
        problem = f"{lines} wrong in '{name}'. Nothing was changed."
        raise BadFile(problem, "Fix these lines and import again.", errors.messages())


def ask_zones(session: Session, records: Sequence[Record], update: bool) -> Zones:
    """Return the time zones of all Slack users that the records name. Slack is asked once for each user."""
    naming = [record for record in records if may_name_user(record, update)]
    if not naming:
        return NO_ZONES
    existing = lookup.by_names(session.db, [record.name for record in naming]) if update else {}
    users = []
    for record in naming:
        before = existing.get(record.name)
        try:
            user = slack_user(record.fields, ScheduleFields.of(before) if before else None)
        except BadField:
            continue  # the check reports it with its line
        is_unchanged = before and record.fields.get("tz") == before.terms.tz_from and user == slack_user_of(before)
        if user and not is_unchanged:
            users.append(user)
    return user_zones.ask(session, users)


def may_name_user(record: Record, update: bool) -> bool:
    """Does the record name a Slack user, or may it move a schedule to another workspace?"""
    tz = record.fields.get("tz", "")
    return is_user_zone(tz) if tz else update and bool(record.fields.get("workspace"))
