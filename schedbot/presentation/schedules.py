"""How a schedule is told: as an object for programs, as a row of a table or as lines for people."""

import shlex
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from schedbot import times
from schedbot.admin.fields.schedule_fields import COLUMNS
from schedbot.admin.schedules import occurrences, serialize
from schedbot.admin.schedules.occurrences import Occurrence, Skips
from schedbot.model import Recurrence, Schedule
from schedbot.presentation import terminal
from schedbot.rules import recurrence
from schedbot.session import Session
from schedbot.store.jobs import pending
from schedbot.store.schedules import workspaces

CSV_COLUMNS = (*COLUMNS, *serialize.BESIDE)
INSTANTS = ("at", "starts", "until", "paused_until")


def json_object(schedule: Schedule, now: int, dropped: Skips) -> dict[str, Any]:
    """The object of `add`, `list` and `show`."""
    next_due_at = occurrences.find_next_due(schedule, now, dropped)
    beside = {
        "id": schedule.id,
        "state": schedule.state.value,
        "reason": schedule.reason,
        "next_due_at": serialize.stamp(next_due_at),
        "meaning": in_words(schedule),
        "created_at": serialize.stamp(schedule.created_at),
        "zone": schedule.recurrence.tz,
    }
    return {**serialize.to_columns(schedule), **beside}


def objects(session: Session, schedules: Iterable[Schedule]) -> Iterator[dict[str, Any]]:
    """The objects of many schedules, one by one."""
    now = session.now()
    dropped = pending.list_skipped(session.db, now)
    return (json_object(one, now, dropped) for one in schedules)


@lru_cache(maxsize=8_192)
def meaning(rule: Recurrence) -> str:
    """What a recurrence means, in words; many schedules share one."""
    return recurrence.describe(rule)


def in_words(schedule: Schedule) -> str:
    """What its rule means, and whose zone that is."""
    whose = schedule.terms.tz_from.partition(":")[2]
    return meaning(schedule.recurrence) + (f" (as {whose} has it in Slack)" if whose else "")


def why(schedule: Schedule, now: int) -> str:
    """Why it is stopped, by whom and until when: `moving (ann, until Tue 15 Dec 00:00 UTC)`."""
    until = f"until {local(schedule, schedule.state_until, now)}" if schedule.state_until else ""
    by = ", ".join(filter(None, (schedule.state_by, until)))
    return f"{schedule.reason or schedule.state.value}{f' ({by})' if by else ''}"


def local(schedule: Schedule, instant: int, now: int) -> str:
    """An instant on the schedule's wall clock."""
    return times.format_instant(instant, times.zone(schedule.recurrence.tz), now)


def cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def coming(session: Session, schedule: Schedule, count: int = 3) -> list[str]:
    """Lines with the next occurrences."""
    now = session.now()
    dropped = pending.list_skipped(session.db, now, schedule.id)
    found = islice(occurrences.find_upcoming(schedule, now, dropped), count)
    return [occurrence(one, now, session.local_zone) for one in found]


def occurrence(one: Occurrence, now: int, reader: ZoneInfo) -> str:
    """`Mon 30 Nov 09:00 PST (18:00 CET here)  in 5 d`; and why it is left out, if it is."""
    there, here = (times.format_instant(one.due_at, tz, now) for tz in (times.zone(one.recurrence.tz), reader))
    day, clock, _ = there.rsplit(" ", 2)
    is_same = here.startswith(f"{day} {clock}")
    also = "" if is_same else f" ({here.removeprefix(day).strip()} here)"
    dropped = f"  left out: {one.skip_reason.replace('_', ' ')}" if one.skip_reason else ""
    if one.deferred_to is not None:
        dropped = (
            f"  posted {times.format_instant(one.deferred_to, times.zone(one.recurrence.tz), now)}: {one.defer_reason}"
        )
    return f"{there}{also}  {times.format_relative(one.due_at, now)}{dropped}"


def difference(column: str, told: object, tz: str) -> str:
    """A value of a record of changes, for people: an instant on the wall clock of `tz`."""
    if column in INSTANTS and isinstance(told, str):
        zone = times.zone(tz)
        return times.format_instant(times.parse_instant(told, zone, 0), zone)
    return value(told)


def value(told: object) -> str:
    """A value for people, at most 60 characters of it."""
    if told is None or told in ("", {}):
        return "none"
    if isinstance(told, Mapping):
        return ", ".join(f"{key}={one}" for key, one in told.items())
    return cut(str(told).replace("\n", " "), 60)


def note_empty(globs: Iterable[str]) -> None:
    """Say which globs found nothing: that is no error."""
    for glob in globs:
        terminal.note(f"No schedule fits '{glob}'.")


def note_paused_workspaces(session: Session, name: str | None = None) -> None:
    """Say beside an answer which workspaces are paused (or whether that one is), since when and why."""
    for one in workspaces.every(session.db):
        if one.paused_at is not None and name in (None, one.name):
            since = times.format_instant(one.paused_at, session.local_zone, session.now())
            terminal.note(f"The workspace '{one.name}' is paused since {since}: {one.paused_reason}. Its jobs wait.")
            terminal.note(f"Go on with 'schedbot workspace resume {shlex.quote(one.name)}'.")
