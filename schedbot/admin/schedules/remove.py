"""Remove schedules. Their queued jobs are cancelled, their old jobs stay in the audit, and their names are free."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from schedbot.admin.change_context import ChangeContext
from schedbot.admin.schedules.serialize import record_change
from schedbot.model import CancelReason, Schedule, ScheduleState
from schedbot.session import Session
from schedbot.store.database import Database
from schedbot.store.fanout import enqueue_due
from schedbot.store.jobs import pending
from schedbot.store.schedules import schedules


@dataclass(frozen=True, slots=True)
class Removal:
    """A removed schedule, and the number of queued jobs that were cancelled."""

    schedule: Schedule
    cancelled: int


def remove(session: Session, to_remove: Iterable[Schedule]) -> list[Removal]:
    """Remove all schedules or none. A schedule that somebody else removed at the same time is not in the result."""
    context = ChangeContext.begin(session, "remove")
    with session.db.writing():
        removals = [remove_one(session.db, schedule.id, context) for schedule in to_remove]
    return [removal for removal in removals if removal]


def remove_one(db: Database, schedule_id: str, context: ChangeContext) -> Removal | None:
    before = schedules.by_id(db, schedule_id)
    enqueue_due.catch_up(db, schedules.recurrence_id(db, before.id), context.now)
    after = replace(before, state=ScheduleState.REMOVED, reason=None, state_by=context.actor, state_until=None)
    if not schedules.update_state(db, after, context.now):
        return None
    cancelled = pending.cancel(db, before.id, CancelReason.SCHEDULE_REMOVED)
    record_change(db, context, before, after)
    return Removal(after, cancelled)
