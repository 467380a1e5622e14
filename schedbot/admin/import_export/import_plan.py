"""ImportPlan: every line of an imported file, checked against the schedules that exist. Nothing is written.

A line reports its first bad cell. The check runs outside of the transaction, so that pools wait for the writing alone.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple, Protocol, TypeVar

from schedbot import times
from schedbot.admin.fields.parsers import BadField, clean_cell
from schedbot.admin.fields.schedule_fields import NO_ZONES, ScheduleFields, Zones, slack_user, slack_user_of
from schedbot.admin.import_export import exporter, plain_lines
from schedbot.admin.import_export.formats import Record
from schedbot.admin.import_export.line_errors import LineErrors
from schedbot.admin.import_export.plain_lines import PlainBatch
from schedbot.admin.import_export.repeated_cells import RepeatedCells
from schedbot.admin.import_export.repeated_terms import NewSchedule, RepeatedTerms
from schedbot.admin.schedules.writer import ScheduleWriter
from schedbot.admin.workspaces import user_zones
from schedbot.errors import BadFile
from schedbot.model import Schedule
from schedbot.reports import definitions
from schedbot.session import Session
from schedbot.slack import channel_ids
from schedbot.slack.user_ids import is_user_zone
from schedbot.store.fanout import count_past_occurrences
from schedbot.store.schedules import lookup

BATCH = 500

Progress = Callable[[int, int], None]  # called with the work done and the work in all
Item = TypeVar("Item")


class NewStage(Protocol):
    """Place of the new schedules."""

    def add(self, new: NewSchedule, line: int) -> None:
        """Take a new schedule."""

    def add_plain(self, plain: PlainBatch) -> None:
        """Take new schedules of texts."""


class NoStage:
    """A dry run stages no new schedule."""

    def add(self, new: NewSchedule, line: int) -> None:
        """Leave a new schedule out."""

    def add_plain(self, plain: PlainBatch) -> None:
        """Leave new schedules out."""


class PlannedChange(NamedTuple):
    """New values of a schedule, and the schedule as it is."""

    line: int
    fields: ScheduleFields
    before: Schedule


@dataclass(slots=True)
class ImportPlan:
    """Changes that an import makes: `added` schedules, which are staged, those that change, and those that stay.

    `direct_messages`: number of the first two that post to a person.
    """

    added: int = 0
    changes: list[PlannedChange] = field(default_factory=list)
    unchanged: int = 0
    direct_messages: int = 0


class ImportChecker:
    """Checks the records of one file, one after another. `update`: schedules that exist may be changed.

    `stage` takes the new schedules with their lines.
    """

    def __init__(self, session: Session, writer: ScheduleWriter, update: bool, stage: NewStage) -> None:
        self.session = session
        self.writer = writer
        self.definitions = definitions.load(session.settings)
        self.update = update
        self.stage = stage
        self.zones = NO_ZONES
        self.plan = ImportPlan()
        self.repeated = RepeatedCells()
        self.terms = RepeatedTerms(writer.context.now, NO_ZONES, self.definitions)

    def check_all(self, records: Iterable[Record], errors: LineErrors, report_done: Callable[[int], None]) -> None:
        """Plan each good record, and add an error for each bad one. Slack is asked for zones of users once."""
        following: list[Record] = []  # their zones come from Slack
        done = 0
        for batch in batches(records):
            report_done(done)
            done += len(batch)
            following += self.check_batch(batch, errors)
        if following:
            self.zones = self.terms.zones = ask_zones(self.session, following, self.update)
            for batch in batches(following):
                self.check_batch(batch, errors, has_zones=True)
        self.repeated = RepeatedCells()  # the names of a million lines take 200 MB

    def check_batch(self, batch: Sequence[Record], errors: LineErrors, has_zones: bool = False) -> list[Record]:
        """Plan each good record. Returns those that need the zone of a user first, unless `has_zones`."""
        following = list[Record]()
        existing = lookup.by_names(self.writer.db, [record.name for record in batch])
        is_new = not (existing or self.update)
        for records, plain in plain_lines.split(batch, self.terms) if is_new else [(batch, None)]:
            if not (plain and self.add_plain(plain)):
                following += self.check_each(records, existing, errors, has_zones)
        return following

    def check_each(
        self, records: Sequence[Record], existing: Mapping[str, Schedule], errors: LineErrors, has_zones: bool
    ) -> list[Record]:
        """Plan each good record. Returns those that need the zone of a user first, unless `has_zones`."""
        following = []
        for record in records:
            try:
                self.repeated.refuse(record)
                if not has_zones and may_name_user(record, self.update):
                    following.append(record)
                else:
                    self.check(record, existing.get(record.name))
            except BadField as error:
                self.repeated.remember(record, error)
                errors.add(record.line, error.column, error)
        return following

    def add_plain(self, plain: PlainBatch) -> bool:
        """Plan new schedules, all at once. Returns False, and plans none, if one of them has to be refused."""
        try:
            self.writer.check_all_hours(plain.accounts, plain.shared)
        except BadField:
            return False
        if not self.repeated.add_new(plain.names, plain.lines):
            return False
        self.stage.add_plain(plain)
        self.plan.added += len(plain.lines)
        self.plan.direct_messages += sum(map(bool, map(channel_ids.describe_direct_message, plain.channels)))
        return True

    def check(self, record: Record, before: Schedule | None) -> None:
        """Check one record and plan its change. Raises BadField for its first bad cell."""
        if before is None:
            new = self.terms.parse(record.fields)
            self.writer.check_hours(new.account, new.shared)
            self.stage.add(new, record.line)
            self.plan.added += 1
            self.plan.direct_messages += bool(channel_ids.describe_direct_message(new.channel))
            return
        if not self.update:
            hint = "Use --update to change it, or choose another name."
            raise BadField("name", f"A schedule named {times.quote(before.name)} exists.", hint)
        fields = self.parse(record, before)
        if fields is None:
            self.plan.unchanged += 1
            return
        self.writer.shared_hours(fields)
        self.plan.changes.append(PlannedChange(record.line, fields, before))
        self.plan.direct_messages += bool(channel_ids.describe_direct_message(fields.terms.channel))

    def parse(self, record: Record, before: Schedule) -> ScheduleFields | None:
        """Return the values of a record; None if they equal those of the schedule. Raises BadField.

        Only cells that differ are parsed, since an instant of the schedule may be past by now.
        """
        now = self.writer.context.now
        cells = {column: clean_cell(column, text) for column, text in exporter.to_cells(before).items()}
        different = {column: text for column, text in record.fields.items() if text != cells[column]}
        if not different:
            return None
        base = ScheduleFields.of(before, count_past_occurrences.count_occurrences(self.writer.db, before, now))
        return ScheduleFields.parse(different, now, base, self.zones, self.definitions)


def batches(items: Iterable[Item], size: int = BATCH) -> Iterator[list[Item]]:
    """Yield the items in batches."""
    remaining = iter(items)
    while batch := list(islice(remaining, size)):
        yield batch


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
