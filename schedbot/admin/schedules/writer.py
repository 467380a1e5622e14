"""ScheduleWriter: writes new and edited schedules with their change records, inside the caller's transaction.

A new rule is valid from now on: a queued job of an occurrence that the new rule has too stays, other queued jobs are
cancelled. Any other change reaches queued jobs, since a job is delivered by the current version of its schedule.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from schedbot import times
from schedbot.admin.change_context import ChangeContext
from schedbot.admin.fields.parsers import BadField, parse
from schedbot.admin.fields.schedule_fields import ScheduleFields
from schedbot.admin.fields.timing import check_overlap
from schedbot.admin.schedules.occurrences import has_occurrence_after, is_occurrence
from schedbot.admin.schedules.serialize import changed_schedule, record_change, recorded
from schedbot.admin.workspaces import lookup
from schedbot.errors import ScheduleChanged
from schedbot.model import CancelReason, Recurrence, Schedule, ScheduleState, SendHours
from schedbot.rules import calendar as calendar_rules
from schedbot.rules.calendar import Calendar
from schedbot.store.database import Database
from schedbot.store.fanout import enqueue_due
from schedbot.store.jobs import calendar_deferral, pending
from schedbot.store.schedules import parked_jobs, recurrences, schedules, shared_calendars, workspaces
from schedbot.store.schedules.schedule_ids import new_id


@dataclass(frozen=True, slots=True)
class EditResult:
    """A schedule before and after an edit, and the number of queued jobs that were cancelled.

    `released`: number of jobs that waited for a paused workspace, which the schedule has left, and are sent now.
    """

    before: Schedule
    after: Schedule
    cancelled: int = 0
    released: int = 0

    @property
    def differences(self) -> list[tuple[str, object, object]]:
        """Column, old value and new value of each difference."""
        old, new = recorded(self.before), recorded(self.after)
        names = [name for name in {**new, **old} if name != "version" and old.get(name) != new.get(name)]
        return [(name, old.get(name), new.get(name)) for name in names]


class ScheduleWriter:
    """Writes schedules. Workspaces, recurrences and shared calendars are looked up once for a whole import.

    `source`: the sync that new schedules belong to.
    """

    def __init__(self, db: Database, context: ChangeContext, source: str | None = None) -> None:
        self.db = db
        self.context = context
        self.source = source
        self.workspace_ids: dict[str, str] = {}
        self.recurrence_ids: dict[Recurrence, int] = {}
        self.hours: dict[tuple[str, str], tuple[SendHours, ...]] = {}
        self.checked_hours: set[tuple[str, str, str]] = set()

    def insert(self, fields: ScheduleFields) -> Schedule:
        """Write a new schedule without its jobs. Raises BadField for a name in use or an unknown workspace."""
        if schedules.is_name_taken(self.db, fields.name):
            raise name_in_use(fields.name)
        written = self.new_schedule(fields)
        schedules.insert(self.db, written, self.recurrence_id(written.recurrence))
        self.context.record(self.db, changed_schedule(written), None, recorded(written))
        return written

    def new_schedule(self, fields: ScheduleFields) -> Schedule:
        """Return a new schedule with an id, which is not written yet. Raises BadField for an unknown workspace."""
        return Schedule(
            id=new_id(self.context.now),
            name=fields.name,
            account=fields.account,
            workspace_id=self.workspace_id(fields.workspace),
            workspace=fields.workspace,
            recurrence=fields.recurrence,
            terms=fields.terms,
            state=ScheduleState.PAUSED if fields.paused else ScheduleState.ACTIVE,
            reason="added paused" if fields.paused else None,
            state_by=self.context.actor if fields.paused else None,
            effective_at=self.context.now,
            created_at=self.context.now,
            source=self.source,
            shared_hours=self.shared_hours(fields),
        )

    def update(self, before: Schedule, fields: ScheduleFields) -> EditResult:
        """Write the new version of a schedule, if it differs, and settle its queued jobs. New jobs are not enqueued.

        Raises BadField for a name in use or an unknown workspace.
        """
        after = self.edited_schedule(before, fields)
        if replace(after, version=before.version, effective_at=before.effective_at) == before:
            return EditResult(before, before)
        if after.name != before.name and schedules.is_name_taken(self.db, after.name):
            raise BadField("name", f"The name {times.quote(after.name)} is in use.", "Choose another name.")
        now = self.context.now
        if has_new_rule(before, after) or after.state is not before.state:
            enqueue_due.catch_up(self.db, schedules.recurrence_id(self.db, before.id), now)
        if not schedules.update(self.db, after, self.recurrence_id(after.recurrence), now):
            raise ScheduleChanged(
                f"Somebody else changed '{before.name}' at the same time.", "Look at it, then try again."
            )
        cancelled = settle_jobs(self.db, before, after, now)
        record_change(self.db, self.context, before, after)
        return EditResult(before, after, cancelled, self.count_released(before, after))

    def count_released(self, before: Schedule, after: Schedule) -> int:
        """Return the number of jobs that waited for the paused workspace of `before`, and are sent in another now."""
        if after.workspace_id == before.workspace_id:
            return 0
        if workspaces.by_id(self.db, before.workspace_id).paused_at is None:
            return 0
        return pending.count_to_send(self.db, after.id, self.context.now)

    def edited_schedule(self, before: Schedule, fields: ScheduleFields) -> Schedule:
        """Return the schedule after the edit. A new rule gives a finished schedule occurrences again.

        An edit may pause a schedule, and never resumes it.
        """
        after = replace(
            before,
            name=fields.name,
            account=fields.account,
            workspace_id=self.workspace_id(fields.workspace),
            workspace=fields.workspace,
            recurrence=fields.recurrence,
            terms=fields.terms,
            version=before.version + 1,
            shared_hours=self.shared_hours(fields),
        )
        if has_new_rule(before, after):
            after = replace(after, effective_at=self.context.now)
            if before.state is ScheduleState.FINISHED and has_occurrence_after(after, self.context.now):
                after = replace(after, state=ScheduleState.ACTIVE, reason=None)
        if fields.paused and after.state is ScheduleState.ACTIVE:
            after = replace(after, state=ScheduleState.PAUSED, reason="added paused", state_by=self.context.actor)
        return after

    def enqueue(self, schedule: Schedule) -> None:
        """Enqueue the occurrences of an active schedule within the look-ahead."""
        if schedule.state is ScheduleState.ACTIVE:
            enqueue_due.enqueue_upcoming(
                self.db, schedule.id, self.recurrence_id(schedule.recurrence), self.context.now
            )

    def shared_hours(self, fields: ScheduleFields) -> tuple[SendHours, ...]:
        """Return the hours of account and workspace. Raises BadField where they never meet the schedule's window."""
        key = fields.account, self.workspace_id(fields.workspace)
        if key not in self.hours:
            self.hours[key] = shared_calendars.of_schedule(self.db, *key)
        check_overlap((SendHours("", fields.terms.window), *self.hours[key]))
        return self.hours[key]

    def check_hours(self, account: str, fields: ScheduleFields) -> None:
        """Raise BadField as `shared_hours` does for these values with another account."""
        key = account, fields.workspace, fields.terms.window
        if key not in self.checked_hours:
            self.shared_hours(replace(fields, account=account))
            self.checked_hours.add(key)

    def check_all_hours(self, accounts: Iterable[str], fields: Iterable[ScheduleFields]) -> None:
        """Raise BadField as `check_hours` does for each of the values with its account."""
        pairs = zip(accounts, fields, strict=True)
        by_key = {(account, values.workspace, values.terms.window): values for account, values in pairs}
        for key in by_key.keys() - self.checked_hours:
            self.check_hours(key[0], by_key[key])

    def workspace_id(self, name: str) -> str:
        """Return the id of a workspace. Raises BadField."""
        if name not in self.workspace_ids:
            self.workspace_ids[name] = parse("workspace", lambda text: lookup.find(self.db, text), name).id
        return self.workspace_ids[name]

    def recurrence_id(self, rule: Recurrence) -> int:
        """Return the id of a recurrence, which is inserted if it is new."""
        if rule not in self.recurrence_ids:
            self.recurrence_ids[rule] = recurrences.find_or_add(self.db, rule)
        return self.recurrence_ids[rule]


def name_in_use(name: str) -> BadField:
    """Return the error for the name of another schedule."""
    hint = f"Change it with 'schedbot edit {name}', or choose another name."
    return BadField("name", f"A schedule named {times.quote(name)} exists.", hint)


def has_new_rule(before: Schedule, after: Schedule) -> bool:
    """Do the two differ in recurrence, start or end?"""
    old, new = before.terms, after.terms
    return (before.recurrence, old.starts_at, old.until_at) != (after.recurrence, new.starts_at, new.until_at)


def settle_jobs(db: Database, before: Schedule, after: Schedule, now: int) -> int:
    """Cancel queued jobs that are no occurrence any more, and update the others. Returns the number cancelled."""
    if after.state is ScheduleState.PAUSED is not before.state:
        return pending.cancel(db, after.id, CancelReason.SCHEDULE_PAUSED)
    cancelled = 0
    if has_new_rule(before, after):
        pending.keep_cancelled(db, after.id, now)
        for job in pending.list_pending(db, after.id):
            if not is_occurrence(after, job.due_at):
                cancelled += pending.cancel(db, after.id, CancelReason.SCHEDULE_EDITED, job.due_at)
    pending.follow_schedule(db, after, after.terms.grace_ms - before.terms.grace_ms)
    restart_grace(db, before, after, now)
    if calendar(before) != calendar(after):
        cancelled += calendar_deferral.reevaluate_schedule(db, after.id, now).skipped
    return cancelled


def restart_grace(db: Database, before: Schedule, after: Schedule, now: int) -> None:
    """Count the grace of jobs that left a workspace with a refused token from now: it stood still there."""
    workspace = workspaces.by_id(db, before.workspace_id)
    if after.workspace_id != before.workspace_id and workspace.stops_grace and workspace.paused_at is not None:
        parked_jobs.restart_grace(db, after.workspace_id, workspace.paused_at, now, after.id)


def calendar(schedule: Schedule) -> tuple[Calendar, Recurrence] | None:
    """Return the calendar and recurrence that defer or skip occurrences; None if nothing does."""
    rules = calendar_rules.get_calendar(schedule)
    return None if rules.is_empty else (rules, schedule.recurrence)
