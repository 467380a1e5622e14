"""Pause and resume: a pause is obeyed by what already waits, and nothing that fell into it is posted afterwards."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from schedbot import times
from schedbot.admin.change_context import ChangeContext
from schedbot.admin.fields import parsers
from schedbot.admin.schedules.lookup import Selection, find_all
from schedbot.admin.schedules.occurrences import has_occurrence_after
from schedbot.admin.schedules.serialize import record_change
from schedbot.admin.workspaces import channel_access
from schedbot.errors import BadInput
from schedbot.model import Schedule, ScheduleState
from schedbot.session import Session
from schedbot.store.database import Database
from schedbot.store.fanout import advance
from schedbot.store.jobs import pending
from schedbot.store.schedules import schedules

ACTIVE, PAUSED, FINISHED = ScheduleState.ACTIVE, ScheduleState.PAUSED, ScheduleState.FINISHED


@dataclass(frozen=True, slots=True)
class StateChange:
    """A schedule as it stands now; `was` tells whether anything changed; `jobs` were cancelled or enqueued."""

    schedule: Schedule
    old_state: ScheduleState
    jobs: int = 0

    @property
    def is_changed(self) -> bool:
        """Did its state change?"""
        return self.schedule.state is not self.old_state


def pause(session: Session, names: Sequence[str], reason: str, until: str) -> tuple[list[StateChange], Selection]:
    """Pause schedules until somebody resumes them, or until an instant, read in each one's zone. Raises BadInput."""
    context, reason = ChangeContext.begin(session, "pause"), parsers.parse_reason(reason)
    with session.db.writing():
        meant = find_all(session.db, names)
        rested = [pause_one(session.db, one, reason, until, context) for one in meant.schedules]
    return rested, meant


def end_of(until: str, schedule: Schedule, now: int) -> int | None:
    """When the pause ends: an instant to come, the beginning of a day, a span from now; `none` by itself never.

    Not said, it is as it was.
    """
    if until in parsers.DEFAULT_WORDS:
        return None if until else schedule.state_until
    end = parsers.parse_start(until, schedule.recurrence.tz, now)
    if end <= now:
        shown = times.format_instant(end, times.zone(schedule.recurrence.tz))
        raise BadInput(f"{times.quote(until)} is past: {shown}.", "Name an instant that is still to come.")
    return end


def pause_one(db: Database, before: Schedule, reason: str, until: str, context: ChangeContext) -> StateChange:
    """Pause one schedule. Paused already: only another end or reason changes it. Inside a transaction.

    One is finished as soon as its last occurrence is enqueued: while that waits, it can still be paused.
    """
    has_last = before.state is FINISHED and pending.list_pending(db, before.id)
    if before.state not in (ACTIVE, PAUSED) and not has_last:
        return StateChange(before, before.state)
    end = end_of(until, before, context.now)
    if before.state is PAUSED and not reason and not until:
        return StateChange(before, PAUSED)
    why = reason or (before.reason if before.state is PAUSED else "") or "paused by hand"
    advance.catch_up(db, schedules.recurrence_id(db, before.id), context.now)
    after = replace(before, state=PAUSED, reason=why, state_by=context.actor, state_until=end)
    schedules.update_state(db, after)
    cancelled = pending.cancel(db, before.id, "schedule_paused")
    record_change(db, context, before, after)
    return StateChange(after, before.state, cancelled)


def resume(session: Session, names: Sequence[str], unasked: bool = False) -> tuple[list[StateChange], Selection]:
    """Let paused and suspended schedules go on from now. Raises NotFound.

    Slack is asked first whether the channel of a suspended one takes posts again, unless it is to be left `unasked`.
    """
    if not unasked:
        channel_access.ask_first(session, find_all(session.db, names).schedules)
    context = ChangeContext.begin(session, "resume")
    with session.db.writing():
        meant = find_all(session.db, names)
        resumed = [resume_one(session.db, one, context) for one in meant.schedules]
    session.db.wake()
    return resumed, meant


def resume_one(db: Database, before: Schedule, context: ChangeContext) -> StateChange:
    """Let one schedule go on; one with nothing to come is finished. Inside a transaction."""
    if before.state in (ACTIVE, FINISHED):
        return StateChange(before, before.state)
    state = ACTIVE if has_occurrence_after(before, context.now) else FINISHED
    after = replace(before, state=state, reason=None, state_by=None, state_until=None, effective_at=context.now)
    schedules.update_state(db, after)
    record_change(db, context, before, after)
    jobs = pending.requeue_deferred(db, before, context.now)
    if state is ACTIVE:
        jobs += advance.enqueue_upcoming(db, before.id, schedules.recurrence_id(db, before.id), context.now).enqueued
    return StateChange(after, before.state, jobs)
