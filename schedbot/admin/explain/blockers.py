"""What keeps a schedule from posting as things stand: it is paused, suspended or removed, or its workspace is paused.

Each stop is told with who made it, when and why, and with the command that ends it.
"""

import shlex

from schedbot import times
from schedbot.model import Schedule, ScheduleState
from schedbot.session import Session
from schedbot.slack.remedies import describe_reason
from schedbot.store.history import changes
from schedbot.store.history.changes import Change
from schedbot.store.schedules import workspaces

# Sentences, and the commands that help.
Cause = tuple[str, tuple[str, ...]]
ON = (ScheduleState.ACTIVE, ScheduleState.FINISHED)


def to_come(session: Session, schedule: Schedule, at: int) -> Cause | None:
    """What will keep it from being posted at an instant to come, if nobody does anything; None: nothing."""
    if rests := at_rest(schedule, at, session.now()):
        return rests, resume(schedule)
    workspace = workspaces.by_id(session.db, schedule.workspace_id)
    if workspace.paused_at is None or schedule.state is ScheduleState.REMOVED:
        return None
    told = f"But the workspace '{workspace.name}' is paused: {describe_reason(workspace.paused_reason)}."
    return told, (f"schedbot workspace resume {shlex.quote(workspace.name)}",)


def at_rest(schedule: Schedule, at: int, now: int) -> str:
    """Who stopped it, until when and why, if it is still off at an instant to come; else empty."""
    end, state = schedule.state_until, schedule.state
    if state in (*ON, ScheduleState.REMOVED) or at <= now or (end is not None and at >= end):
        return ""
    by = f" by {schedule.state_by}" if schedule.state_by else ""
    until = "" if end is None else f" until {times.format_instant(end, times.zone(schedule.recurrence.tz), now)}"
    return f"But the schedule is {state.value}{by}{until}{reason(schedule)}."


def now_off(session: Session, schedule: Schedule) -> Cause | None:
    """That it is off now, since when and by whom; None: it is on."""
    if schedule.state in ON:
        return None
    turned = turn(session, schedule)
    zone = times.zone(schedule.recurrence.tz)
    since = f" since {times.format_instant(turned.changed_at, zone)} ({turned.actor})" if turned else ""
    return f"The schedule is {schedule.state.value}{since}{reason(schedule)}.", resume(schedule)


def gone(session: Session, schedule: Schedule, at: int) -> Cause | None:
    """That it was removed before an instant, when and by whom; None: it was not."""
    turned = turn(session, schedule) if schedule.state is ScheduleState.REMOVED else None
    if turned is None or at < turned.changed_at:
        return None
    zone = times.zone(schedule.recurrence.tz)
    return f"The schedule was removed on {times.format_instant(turned.changed_at, zone)} ({turned.actor}).", ()


def turn(session: Session, schedule: Schedule) -> Change | None:
    """The change by which it came to its state."""
    own = changes.of_object(session.db, "schedule", schedule.id)
    return next((one for one in own if is_turn_to(one, schedule.state)), None)


def is_turn_to(change: Change, state: ScheduleState) -> bool:
    before, after = change.before or {}, change.after or {}
    return after.get("state") == state.value != before.get("state")


def reason(schedule: Schedule) -> str:
    return f": {describe_reason(schedule.reason)}" if schedule.reason else ""


def resume(schedule: Schedule) -> tuple[str, ...]:
    """The step that lets it go on, if anything does."""
    return () if schedule.state is ScheduleState.REMOVED else (f"schedbot resume {shlex.quote(schedule.name)}",)
