"""Pause and resume schedules.

A pause cancels queued jobs. After a resume, nothing that was due during the pause is posted.
"""

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from schedbot import times
from schedbot.admin.change_context import ChangeContext
from schedbot.admin.fields import parsers
from schedbot.admin.schedules.occurrences import has_occurrence_after
from schedbot.admin.schedules.selection import Selection, find_all
from schedbot.admin.schedules.serialize import record_change
from schedbot.admin.workspaces import check
from schedbot.errors import BadInput, SchedbotError
from schedbot.model import CancelReason, Schedule, ScheduleState
from schedbot.session import Session
from schedbot.slack.error_codes import explain
from schedbot.store.database import Database
from schedbot.store.fanout import enqueue_due, timed_pauses
from schedbot.store.jobs import pending
from schedbot.store.schedules import schedules

ACTIVE, PAUSED, FINISHED = ScheduleState.ACTIVE, ScheduleState.PAUSED, ScheduleState.FINISHED


@dataclass(frozen=True, slots=True)
class StateChange:
    """A schedule after pause or resume, and the number of jobs that were cancelled or queued."""

    schedule: Schedule
    old_state: ScheduleState
    jobs: int = 0

    @property
    def is_changed(self) -> bool:
        """Did the state change?"""
        return self.schedule.state is not self.old_state


def pause(session: Session, names: Sequence[str], reason: str, until: str) -> tuple[list[StateChange], Selection]:
    """Pause schedules until a resume, or until an instant in each one's time zone. Raises BadInput and NotFound."""
    context, reason = ChangeContext.begin(session, "pause"), parsers.parse_reason(reason)
    with session.db.writing():
        timed_pauses.restore(session.db, context.now)
        selection = find_all(session.db, names)
        paused = [pause_one(session.db, schedule, reason, until, context) for schedule in selection.schedules]
    return paused, selection


def pause_one(db: Database, before: Schedule, reason: str, until: str, context: ChangeContext) -> StateChange:
    """Pause one schedule; for a paused schedule, change its end or reason if they are given. Inside a transaction.

    A schedule is finished as soon as its last job is enqueued; while that job is queued it can still be paused.
    """
    has_last_job = before.state is FINISHED and pending.list_pending(db, before.id)
    if before.state not in (ACTIVE, PAUSED) and not has_last_job:
        return StateChange(before, before.state)
    end = parse_pause_end(until, before, context.now)
    if before.state is PAUSED and not reason and not until:
        return StateChange(before, PAUSED)
    new_reason = reason or (before.reason if before.state is PAUSED else "") or "paused by hand"
    enqueue_due.catch_up(db, schedules.recurrence_id(db, before.id), context.now)
    after = replace(before, state=PAUSED, reason=new_reason, state_by=context.actor, state_until=end)
    return write_pause(db, before, after, context)


def write_pause(db: Database, before: Schedule, after: Schedule, context: ChangeContext) -> StateChange:
    """Write the pause of a schedule, and cancel its pending jobs. Inside a transaction."""
    schedules.update_state(db, after, context.now)
    cancelled = pending.cancel(db, before.id, CancelReason.SCHEDULE_PAUSED)
    record_change(db, context, before, after)
    return StateChange(after, before.state, cancelled)


def parse_pause_end(until: str, schedule: Schedule, now: int) -> int | None:
    """Return the end of a pause, the present end for an empty text, or None for no end. Raises BadInput."""
    if until in parsers.DEFAULT_WORDS:
        return None if until else schedule.state_until
    end = parsers.parse_start(until, schedule.recurrence.tz, now)
    if end <= now:
        shown = times.format_instant(end, times.zone(schedule.recurrence.tz))
        raise BadInput(f"{times.quote(until)} is past: {shown}.", "Use an instant in the future.")
    return end


def resume(session: Session, names: Sequence[str], unasked: bool = False) -> tuple[list[StateChange], Selection]:
    """Resume paused and suspended schedules from now on. Raises NotFound, and SchedbotError for a refused channel.

    Before that, Slack is asked about the channel of each suspended schedule, unless `unasked` is set.
    """
    if not unasked:
        refuse_closed_channels(session, find_all(session.db, names).schedules)
    context = ChangeContext.begin(session, "resume")
    with session.db.writing():
        timed_pauses.restore(session.db, context.now)
        selection = find_all(session.db, names)
        resumed = [resume_one(session.db, schedule, context) for schedule in selection.schedules]
    session.db.wake()
    return resumed, selection


def refuse_closed_channels(session: Session, selected: Iterable[Schedule]) -> None:
    """Raise SchedbotError for the first suspended schedule whose channel still takes no posts."""
    for schedule in selected:
        if schedule.state is not ScheduleState.SUSPENDED:
            continue
        error = check.find_channel_error(session, schedule)
        if error:
            problem = f"The channel {schedule.terms.channel} of '{schedule.name}' still refuses posts: {error}."
            edit = f"schedbot edit {shlex.quote(schedule.name)} --channel ID"
            raise SchedbotError(f"{problem} {explain(error).sentence}", f"Use another channel: '{edit}', or --unasked.")


def resume_one(db: Database, before: Schedule, context: ChangeContext) -> StateChange:
    """Resume one schedule; a schedule without future occurrences is finished. Inside a transaction."""
    if before.state in (ACTIVE, FINISHED):
        if timed_pauses.forget_ended(db, before.id):
            record_change(db, context, before, before)  # of effect if the clock was ahead when the pause ended
        return StateChange(before, before.state)
    state = ACTIVE if has_occurrence_after(before, context.now) else FINISHED
    after = replace(before, state=state, reason=None, state_by=None, state_until=None, effective_at=context.now)
    schedules.update_state(db, after, context.now)
    record_change(db, context, before, after)
    jobs = pending.requeue_deferred(db, before, context.now)
    if state is ACTIVE:
        jobs += enqueue_due.enqueue_upcoming(
            db, before.id, schedules.recurrence_id(db, before.id), context.now
        ).enqueued
    return StateChange(after, before.state, jobs)
