"""A removed schedule posts nothing more, not even what waits; its jobs stay in the audit, and its name is free."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from schedbot.admin.change_context import ChangeContext
from schedbot.admin.schedules.serialize import record_change
from schedbot.model import Schedule, ScheduleState
from schedbot.session import Session
from schedbot.store.fanout import advance
from schedbot.store.jobs import pending
from schedbot.store.schedules import schedules


@dataclass(frozen=True, slots=True)
class Removal:
    """A schedule that is gone, and how many jobs that waited were cancelled with it."""

    schedule: Schedule
    cancelled: int


def remove(session: Session, meant: Iterable[Schedule]) -> list[Removal]:
    """Remove schedules, all or none. One that somebody else removed meanwhile is left out."""
    context = ChangeContext.begin(session, "remove")
    with session.db.writing():
        removed = [remove_one(session, one, context) for one in meant]
    return [one for one in removed if one]


def remove_one(session: Session, meant: Schedule, context: ChangeContext) -> Removal | None:
    before = schedules.by_id(session.db, meant.id)
    advance.catch_up(session.db, schedules.recurrence_id(session.db, before.id), context.now)
    after = replace(before, state=ScheduleState.REMOVED, reason=None, state_by=context.actor, state_until=None)
    if not schedules.update_state(session.db, after):
        return None
    cancelled = pending.cancel(session.db, before.id, "schedule_removed")
    record_change(session.db, context, before, after)
    return Removal(after, cancelled)
