"""Schedules as lines of text."""

import shlex
from collections.abc import Iterable, Mapping
from itertools import islice
from zoneinfo import ZoneInfo

from schedbot import times
from schedbot.admin.schedules import occurrences, pause_all
from schedbot.admin.schedules.occurrences import Occurrence
from schedbot.model import Schedule
from schedbot.presentation import output
from schedbot.session import Session
from schedbot.slack.remedies import describe_reason
from schedbot.store.jobs import pending
from schedbot.store.schedules import pauses_of_all, workspaces

INSTANTS = ("at", "starts", "until", "paused_until")
MAX_VALUE = 60


def describe_stop(schedule: Schedule, now: int) -> str:
    """Return reason, person and end of a pause: `moving (ann, until Tue 15 Dec 00:00 UTC)`."""
    until = f"until {local_time(schedule, schedule.state_until, now)}" if schedule.state_until else ""
    person = ", ".join(filter(None, (schedule.state_by, until)))
    return f"{describe_reason(schedule.reason) or schedule.state.value}{f' ({person})' if person else ''}"


def local_time(schedule: Schedule, instant: int, now: int) -> str:
    """Return an instant on the schedule's wall clock."""
    return times.format_instant(instant, times.zone(schedule.recurrence.tz), now)


def next_lines(session: Session, schedule: Schedule, count: int = 3) -> list[str]:
    """Return a line for each of the next occurrences."""
    now = session.now()
    dropped = pending.list_skipped(session.db, now, schedule.id)
    upcoming = islice(occurrences.find_upcoming(schedule, now, dropped), count)
    return [occurrence_line(occurrence, now, session.local_zone) for occurrence in upcoming]


def occurrence_line(occurrence: Occurrence, now: int, reader: ZoneInfo, name: str = "") -> str:
    """Return `Mon 30 Nov 09:00 PST (18:00 CET here)  in 5 d  NAME  skipped: holiday`."""
    zone = times.zone(occurrence.recurrence.tz)
    there, here = (times.format_instant(occurrence.due_at, tz, now) for tz in (zone, reader))
    day, clock, _ = there.rsplit(" ", 2)
    is_same = here.startswith(f"{day} {clock}")
    here = "" if is_same else f" ({here.removeprefix(day).strip()} here)"
    change = f"  skipped: {occurrence.skip_reason.replace('_', ' ')}" if occurrence.skip_reason else ""
    if occurrence.deferred_to is not None:
        change = f"  deferred to {times.format_instant(occurrence.deferred_to, zone, now)}: {occurrence.defer_reason}"
    relative = times.format_relative(occurrence.due_at, now)
    return f"{there}{here}  {relative}{f'  {name}' if name else ''}{change}"


def format_field(column: str, value: object, tz: str) -> str:
    """Return a value of a change record; an instant on the wall clock of `tz`."""
    if column in INSTANTS and isinstance(value, str):
        zone = times.zone(tz)
        return times.format_instant(times.parse_instant(value, zone, 0), zone)
    return format_value(value)


def format_value(value: object) -> str:
    """Return a value in at most 60 characters."""
    if value is None or value in ("", {}):
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return ", ".join(f"{key}={entry}" for key, entry in value.items())
    return output.cut(str(value).replace("\n", " "), MAX_VALUE)


def note_unmatched(globs: Iterable[str]) -> None:
    """Name the globs that match no schedule. That is no error."""
    for glob in globs:
        output.note(f"No schedule matches '{glob}'.")


def note_paused_workspaces(session: Session, name: str | None = None) -> None:
    """Name the paused workspaces (or only the one called `name`), with time and reason."""
    for workspace in workspaces.list_all(session.db):
        if workspace.paused_at is not None and name in (None, workspace.name):
            since = times.format_instant(workspace.paused_at, session.local_zone, session.now())
            reason = describe_reason(workspace.paused_reason)
            output.note(f"Workspace '{workspace.name}' is paused since {since}: {reason}. Its jobs wait.")
            output.note(f"Resume it with 'schedbot workspace resume {shlex.quote(workspace.name)}'.")


def note_pause_of_all(session: Session) -> None:
    """Say that all posts are paused, if they are."""
    present = pauses_of_all.get_present(session.db, session.now())
    if present:
        output.note(f"{pause_all.describe(session, present)} End the pause with '{pause_all.RESUME}'.")
