"""Format instants: RFC 3339 for programs, which is also read; for people, the local time with its zone.

Instants are UTC milliseconds since the epoch. Words are English in every locale, so that output can be compared.
"""

from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_datetime(ms: int, tz: tzinfo) -> datetime:
    """Return the wall-clock time of `tz` at the instant `ms`."""
    return (EPOCH + timedelta(milliseconds=ms)).astimezone(tz)


def to_rfc3339(ms: int) -> str:
    """Return the instant in UTC: `2026-12-01T14:00:00.000Z`."""
    return (EPOCH + timedelta(milliseconds=ms)).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def from_rfc3339(text: str) -> int:
    """Return the instant of an RFC 3339 text. Raises ValueError."""
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def to_local_rfc3339(ms: int, tz: ZoneInfo) -> str:
    """Return the instant with the offset of `tz`: `2026-12-01T09:00:00-05:00`."""
    return to_datetime(ms, tz).isoformat(timespec="seconds")


def format_instant(ms: int, tz: ZoneInfo, now: int | None = None) -> str:
    """Return the instant for people: `Tue 1 Dec 2026 09:00 EST`. The year is left out if `now` is in the same year."""
    at = to_datetime(ms, tz)
    year = "" if now is not None and to_datetime(now, tz).year == at.year else f" {at.year}"
    seconds = f":{at.second:02}" if at.second else ""
    day = f"{WEEKDAYS[at.weekday()]} {at.day} {MONTHS[at.month - 1]}{year}"
    return f"{day} {at.hour:02}:{at.minute:02}{seconds} {zone_label(at)}"


def to_local_rfc3339_before_change(ms: int, tz: ZoneInfo) -> str:
    """Return the instant `ms` of a clock change with the offset that held until then."""
    return to_old_offset(ms, tz).isoformat(timespec="seconds")


def format_before_change(ms: int, tz: ZoneInfo) -> str:
    """Return the wall-clock time that a clock change ends: `02:00 EST`, with the weekday if the change alters it."""
    old = to_old_offset(ms, tz)
    day = "" if old.date() == to_datetime(ms, tz).date() else f"{WEEKDAYS[old.weekday()]} "
    return f"{day}{old.hour:02}:{old.minute:02} {zone_label(old)}"


def to_old_offset(ms: int, tz: ZoneInfo) -> datetime:
    """Return the instant `ms` as a datetime with the offset that held just before it."""
    before = to_datetime(ms - 1, tz)
    offset = timezone(before.utcoffset() or timedelta(), before.tzname() or "")
    return before.replace(tzinfo=offset) + timedelta(milliseconds=1)


def zone_label(at: datetime) -> str:
    """Return the zone's abbreviation at that time, or its offset if it has none: `EST`, `UTC+05:45`."""
    name = at.tzname() or ""
    return name if name.isalpha() else f"UTC{at.isoformat()[-6:]}"
