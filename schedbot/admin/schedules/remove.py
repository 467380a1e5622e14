"""A removed schedule posts nothing more, not even what waits; its jobs stay in the audit, and its name is free."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from schedbot.admin.schedules.change_context import Facts
from schedbot.model import Schedule, ScheduleState
from schedbot.session import Session
from schedbot.store.fanout import advance
from schedbot.store.jobs import pending
from schedbot.store.schedules import schedules


@dataclass(frozen=True, slots=True)
class Removed:
    """A schedule that is gone, and how many jobs that waited were cancelled with it."""

    schedule: Schedule
    cancelled: int


def remove(session: Session, meant: Iterable[Schedule]) -> list[Removed]:
    """Remove schedules, all or none. One that somebody else removed meanwhile is left out."""
    facts = Facts(session.actor, "remove", session.now())
    with session.db.writing():
        removed = [remove_one(session, one, facts) for one in meant]
    return [one for one in removed if one]


def remove_one(session: Session, meant: Schedule, facts: Facts) -> Removed | None:
    before = schedules.by_id(session.db, meant.id)
    advance.catch_up(session.db, schedules.recurrence_id(session.db, before.id), facts.now)
    after = replace(before, state=ScheduleState.REMOVED, reason=None, state_by=facts.actor, state_until=None)
    if not schedules.update_state(session.db, after):
        return None
    cancelled = pending.cancel(session.db, before.id, "schedule_removed")
    facts.record(session.db, before, after)
    return Removed(after, cancelled)
