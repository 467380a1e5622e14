"""How instants are written: RFC 3339 in UTC for programs; for people with the zone, and how far off it is.

Instants are UTC milliseconds since the epoch. The words are English whatever the locale, so that
output can be compared.
"""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from schedbot.times.durations import SECOND, UNITS

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_datetime(ms: int, tz: ZoneInfo) -> datetime:
    """The wall clock of `tz` at the instant `ms`."""
    return (EPOCH + timedelta(milliseconds=ms)).astimezone(tz)


def to_rfc3339(ms: int) -> str:
    """For programs: `2026-12-01T14:00:00.000Z`."""
    return (EPOCH + timedelta(milliseconds=ms)).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def to_local_rfc3339(ms: int, tz: ZoneInfo) -> str:
    """For programs, on the wall clock of `tz`: `2026-12-01T09:00:00-05:00`."""
    return to_datetime(ms, tz).isoformat(timespec="seconds")


def format_instant(ms: int, tz: ZoneInfo, now: int | None = None) -> str:
    """For people: `Tue 1 Dec 2026 09:00 EST`; the year is left out where `now` is in the same one."""
    at = to_datetime(ms, tz)
    year = "" if now is not None and to_datetime(now, tz).year == at.year else f" {at.year}"
    seconds = f":{at.second:02}" if at.second else ""
    day = f"{WEEKDAYS[at.weekday()]} {at.day} {MONTHS[at.month - 1]}{year}"
    return f"{day} {at.hour:02}:{at.minute:02}{seconds} {zone_mark(at)}"


def to_local_rfc3339_before_change(ms: int, tz: ZoneInfo) -> str:
    """For programs, at a clock change: the wall clock by the offset that held up to `ms`."""
    return clock_until(ms, tz).isoformat(timespec="seconds")


def format_before_change(ms: int, tz: ZoneInfo) -> str:
    """For people: `02:00 EST` at the instant that makes it 03:00 EDT; with its day where that is another."""
    was = clock_until(ms, tz)
    day = "" if was.date() == to_datetime(ms, tz).date() else f"{WEEKDAYS[was.weekday()]} "
    return f"{day}{was.hour:02}:{was.minute:02} {zone_mark(was)}"


def clock_until(ms: int, tz: ZoneInfo) -> datetime:
    before = to_datetime(ms - 1, tz)
    offset = timezone(before.utcoffset() or timedelta(), before.tzname() or "")
    return before.replace(tzinfo=offset) + timedelta(milliseconds=1)


def zone_mark(at: datetime) -> str:
    """The zone's abbreviation at that time, or its offset where it has none: `EST`, `UTC+05:45`."""
    name = at.tzname() or ""
    return name if name.isalpha() else f"UTC{at.isoformat()[-6:]}"


def format_relative(ms: int, now: int) -> str:
    """How far off an instant is, in one unit: `in 3 h`, `2 d ago`, `now`."""
    away = abs(ms - now)
    if away < SECOND:
        return "now"
    # Two of the larger unit before it is used: "in 90 min" says more than "in 2 h".
    unit, size = next(((u, s) for u, s in UNITS if away >= 2 * s or (u == "s")), ("s", SECOND))
    count = (away + size // 2) // size
    return f"in {count} {unit}" if ms > now else f"{count} {unit} ago"
