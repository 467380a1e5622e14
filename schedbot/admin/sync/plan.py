"""Plan of a sync: what it would add, change and remove, so that the schedules of a source equal a list.

Nothing is written. All lines are checked outside of the transaction, so that pools wait for the writing alone. A sync
changes only schedules of its source.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from schedbot import times
from schedbot.admin.change_context import ChangeContext
from schedbot.admin.fields.parsers import BadField
from schedbot.admin.fields.report_fields import Trial, try_report
from schedbot.admin.fields.schedule_fields import NO_ZONES, ScheduleFields, Zones
from schedbot.admin.import_export.formats import Record
from schedbot.admin.import_export.import_plan import Progress, ask_zones, batches
from schedbot.admin.import_export.importer import ignore_progress
from schedbot.admin.import_export.line_errors import LineErrors
from schedbot.admin.import_export.repeated_cells import RepeatedCells
from schedbot.admin.import_export.repeated_terms import NewSchedule, RepeatedTerms
from schedbot.admin.schedules import serialize
from schedbot.admin.schedules.writer import ScheduleWriter
from schedbot.admin.sync import comparison, record_list
from schedbot.admin.sync.record_list import RecordList
from schedbot.errors import BadFile, BadInput, SchedbotError
from schedbot.model import Schedule, ScheduleState
from schedbot.reports import definitions
from schedbot.reports.sync_sources.definitions import parse_source_name
from schedbot.session import Session
from schedbot.slack.user_ids import is_user_zone
from schedbot.store.fanout import count_past_occurrences
from schedbot.store.history import changes, sources
from schedbot.store.schedules import lookup

BATCH = 2_000  # records that are compared at once: most of them change nothing
MAX_NAMES = 5
MOST_REMOVED = 0.2  # share of a source's schedules that is removed without --yes-remove
Changes = dict[str, list[Any]]  # the values before and after, by column


@dataclass(frozen=True, slots=True)
class SyncChange:
    """A schedule to change. `resumes`: it is paused, and the list has it active."""

    fields: ScheduleFields
    before: Schedule
    resumes: bool = False
    changes: Changes = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Name of the schedule."""
        return self.fields.name


@dataclass(slots=True)
class SyncPlan:
    """Schedules of a source that a sync adds, changes, removes and leaves.

    `last_change`: number of the newest change on record when the plan began.
    """

    source: str
    added: list[NewSchedule] = field(default_factory=list)
    changed: list[SyncChange] = field(default_factory=list)
    removed: list[Schedule] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    last_change: int = 0
    zones: Zones = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Is there nothing to change?"""
        return not (self.added or self.changed or self.removed)

    @property
    def removes_many(self) -> bool:
        """Does it remove more than a fifth of the source's schedules?"""
        return len(self.removed) > MOST_REMOVED * self.total

    @property
    def total(self) -> int:
        """Number of the source's schedules before the sync."""
        return len(self.changed) + len(self.removed) + len(self.unchanged)

    def refuse_removals(self) -> None:
        """Raise BadInput where it removes more than a fifth of the source's schedules."""
        if self.removes_many:
            total = f"{self.total:,} schedules of the source '{self.source}'"
            problem = f"It would remove {len(self.removed):,} of {total}. Nothing was changed."
            raise BadInput(problem, "Is the list complete? Use --yes-remove to remove more than 20 %.")


def plan_sync(
    session: Session,
    records: RecordList | Iterable[Mapping[str, Any]],
    source: str,
    progress: Progress = ignore_progress,
    trial: Trial = try_report,
) -> SyncPlan:
    """Return what makes the schedules of a source equal to the records; `trial` tries a new or changed report.

    Raises BadFile, BadInput, ReportFailed, and SchedbotError where somebody changed the source meanwhile.
    """
    parse_source_name(source)
    record_list.refuse_text(records)
    listed = records if isinstance(records, RecordList) else record_list.of_mappings(records)
    checker = SyncChecker(session, source, listed.errors, trial)
    checker.check_all(listed, progress)
    refuse_bad_lines(listed)
    checker.find_removed()
    changed = changes.list_changed_of_source(session.db, source, checker.plan.last_change)
    if checker.plan.removed and changed:  # what somebody adds meanwhile is no schedule to remove
        raise outdated(checker.plan, changed)
    return checker.plan


def outdated(plan: SyncPlan, changed: Iterable[str]) -> SchedbotError:
    """Return the error of a plan that is out of date, with some of the names."""
    names = sorted(set(changed))
    shown = f"{', '.join(names[:MAX_NAMES])}{', ...' if len(names) > MAX_NAMES else ''}"
    problem = f"Somebody else changed schedules of the source '{plan.source}' at the same time ({shown})."
    return SchedbotError(f"{problem} Nothing was changed.", "Sync again.")


def refuse_bad_lines(listed: RecordList) -> None:
    """Raise BadFile if a line of the list is wrong."""
    count, noun = len(listed.errors.bad_lines), listed.errors.noun
    if count:
        lines = f"1 {noun} is" if count == 1 else f"{count:,} {noun}s are"
        problem = f"{lines} wrong in {listed.title}. Nothing was changed."
        raise BadFile(problem, "Fix them and sync again.", listed.errors.messages())


class SyncChecker:
    """Checks records one by one, and keeps those that change something."""

    def __init__(self, session: Session, source: str, errors: LineErrors, trial: Trial) -> None:
        self.session = session
        self.writer = ScheduleWriter(session.db, ChangeContext.begin(session, "sync"), source)
        self.definitions = definitions.load(session.settings)
        self.errors = errors
        self.trial = trial
        self.repeated = RepeatedCells(errors.noun)
        self.terms = RepeatedTerms(
            self.writer.context.now, NO_ZONES, self.definitions, trial, comparison.refuse_relative
        )
        self.plan = SyncPlan(source, last_change=changes.last_number(session.db))

    def check_all(self, listed: RecordList, progress: Progress) -> None:
        """Put each record into the plan, or its error into the list. Slack is asked for zones of users once."""
        following: list[Record] = []  # their zones come from Slack
        done = 0
        for batch in batches(listed.records, BATCH):
            done += len(batch)
            progress(done, listed.lines)
            following += [record for record in batch if is_user_zone(record.fields.get("tz", ""))]
            self.check_batch([record for record in batch if not is_user_zone(record.fields.get("tz", ""))])
        if following:
            self.plan.zones = self.terms.zones = ask_zones(self.session, following, update=True)
            for batch in batches(following, BATCH):
                self.check_batch(batch)

    def check_batch(self, records: list[Record]) -> None:
        existing = lookup.by_names(self.session.db, [record.name for record in records])
        for record in records:
            try:
                self.repeated.refuse(record)
                self.check(record, existing.get(record.name))
            except BadField as error:
                self.repeated.remember(record, error)
                self.errors.add(record.line, error.column, error)

    def check(self, record: Record, before: Schedule | None) -> None:
        """Put one record into the plan. Raises BadField for its first bad cell."""
        now = self.writer.context.now
        if before is None:
            new = self.terms.parse(record.fields)
            self.writer.check_hours(new.account, new.shared)
            self.plan.added.append(new)
            return
        self.refuse_foreign(before)
        different = comparison.find_differences(record.fields, before, now, self.definitions)
        change = self.find_change(before, different) if different else None
        if change:
            self.plan.changed.append(change)
        else:
            self.plan.unchanged.append(before.name)

    def find_change(self, before: Schedule, different: Mapping[str, str]) -> SyncChange | None:
        """Return the change of a schedule; None where the cells have its values in another spelling."""
        now = self.writer.context.now
        counts = before.terms.count is not None or different.get("count")
        past = count_past_occurrences.count_occurrences(self.session.db, before, now) if counts else 0
        base = ScheduleFields.of(before, past)
        fields = ScheduleFields.parse(different, now, base, self.plan.zones, self.definitions, self.trial)
        after = self.writer.edited_schedule(before, fields)
        resumes = before.state is ScheduleState.PAUSED and not fields.paused
        changes = find_changes(before, after)
        if resumes:
            changes["paused"] = [True, False]
        return SyncChange(fields, before, resumes, changes) if changes else None

    def refuse_foreign(self, schedule: Schedule) -> None:
        """Raise BadField for a schedule that this source did not add."""
        if schedule.source != self.plan.source:
            owner = f"the sync '{schedule.source}' added it" if schedule.source else "no sync added it"
            hint = f"Rename it in the list, or remove the schedule first: schedbot remove {schedule.name}"
            raise BadField("name", f"A schedule named {times.quote(schedule.name)} exists, and {owner}.", hint)

    def find_removed(self) -> None:
        """Put the schedules of the source that the list does not have into the plan."""
        names_of_source = sources.list_names(self.session.db, self.plan.source)
        missing = [name for name in names_of_source if name not in self.repeated.first_lines]
        for names in batches(sorted(missing), BATCH):
            existing = lookup.by_names(self.session.db, names)
            self.plan.removed += [existing[name] for name in names if name in existing]


def find_changes(before: Schedule, after: Schedule) -> Changes:
    """Return the columns that differ, with the values before and after."""
    old, new = serialize.to_columns(before), serialize.to_columns(after)
    return {column: [old[column], new[column]] for column in new if old[column] != new[column]}
