"""Blockers of a schedule: it is paused, suspended or removed, all posts are paused, or its workspace is.

Each blocker names the person, the time, the reason, and the command that ends it.
"""

import shlex
from dataclasses import dataclass

from schedbot import times
from schedbot.admin.schedules import pause_all
from schedbot.model import Schedule, ScheduleState
from schedbot.session import Session
from schedbot.slack.remedies import describe_reason
from schedbot.store.history import changes
from schedbot.store.history.changes import Change
from schedbot.store.schedules import pauses_of_all, workspaces

ON = (ScheduleState.ACTIVE, ScheduleState.FINISHED)


@dataclass(frozen=True, slots=True)
class Cause:
    """A cause in one sentence, and the commands that help."""

    sentence: str
    steps: tuple[str, ...] = ()


def future_blocker(session: Session, schedule: Schedule, at: int) -> Cause | None:
    """Return the blocker of a future instant if nobody acts; None if there is no blocker."""
    if stop := stopped_at(schedule, at, session.now()):
        return Cause(stop, resume_step(schedule))
    if schedule.state in ON and (paused := pause_of_all(session, at)):
        return paused
    workspace = workspaces.by_id(session.db, schedule.workspace_id)
    if workspace.paused_at is None or schedule.state is ScheduleState.REMOVED:
        return None
    sentence = f"Workspace '{workspace.name}' is paused: {describe_reason(workspace.paused_reason)}."
    return Cause(sentence, (f"schedbot workspace resume {shlex.quote(workspace.name)}",))


def pause_of_all(session: Session, at: int) -> Cause | None:
    """Return the pause of all schedules that was on at an instant, or that still will be; None if there is none."""
    pause = pauses_of_all.find_covering(session.db, at)
    if pause is None or (pause.ended_at is None and pause.paused_until is not None and at >= pause.paused_until):
        return None
    if pause.ended_at is None or pause == pauses_of_all.get_present(session.db, session.now()):
        return Cause(pause_all.describe(session, pause), (pause_all.RESUME,))
    start, end = (times.format_instant(instant, session.local_zone) for instant in (pause.paused_at, pause.ended_at))
    return Cause(f"All posts were paused from {start} to {end} ({pause.paused_by}): {pause.reason}.")


def stopped_at(schedule: Schedule, at: int, now: int) -> str:
    """Return person, end and reason of a stop that still holds at a future instant; else empty."""
    end, state = schedule.state_until, schedule.state
    if state in (*ON, ScheduleState.REMOVED) or at <= now or (end is not None and at >= end):
        return ""
    person = f" by {schedule.state_by}" if schedule.state_by else ""
    until = "" if end is None else f" until {times.format_instant(end, times.zone(schedule.recurrence.tz), now)}"
    return f"The schedule is {state.value}{person}{until}{reason(schedule)}."


def present_blocker(session: Session, schedule: Schedule) -> Cause | None:
    """Return the state of a schedule that is not on, with its start and person, or a pause of all; else None."""
    if schedule.state in ON:
        return pause_of_all(session, session.now())
    change = state_change(session, schedule)
    zone = times.zone(schedule.recurrence.tz)
    since = f" since {times.format_instant(change.changed_at, zone)} ({change.actor})" if change else ""
    return Cause(f"The schedule is {schedule.state.value}{since}{reason(schedule)}.", resume_step(schedule))


def removal(session: Session, schedule: Schedule, at: int) -> Cause | None:
    """Return time and person of a removal before an instant; None if the schedule was not removed by then."""
    change = state_change(session, schedule) if schedule.state is ScheduleState.REMOVED else None
    if change is None or at < change.changed_at:
        return None
    zone = times.zone(schedule.recurrence.tz)
    return Cause(f"The schedule was removed on {times.format_instant(change.changed_at, zone)} ({change.actor}).")


def state_change(session: Session, schedule: Schedule) -> Change | None:
    """Return the change that led to the schedule's present state."""
    return changes.leading_to(session.db, schedule.id, schedule.state.value)


def reason(schedule: Schedule) -> str:
    return f": {describe_reason(schedule.reason)}" if schedule.reason else ""


def resume_step(schedule: Schedule) -> tuple[str, ...]:
    """Return the resume command; nothing for a removed schedule."""
    return () if schedule.state is ScheduleState.REMOVED else (f"schedbot resume {shlex.quote(schedule.name)}",)
