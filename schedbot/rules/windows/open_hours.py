"""Opening times of send windows (`mon-fri 08:00-18:00`) and blackout dates (whole days).

Rule: a window is open while the local time of the schedule's zone is in it, also around clock changes. A window past
midnight (`fri 22:00-02:00`) belongs to the day on which it opens. Instants are UTC milliseconds. Pure.
"""

from collections.abc import Container, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from schedbot.rules.windows.parse import DAY, Blackout, Window
from schedbot.times.format import to_datetime
from schedbot.times.parse import start_of_day

MINUTE = 60_000


def is_open(window: Window, tz: ZoneInfo, at: int) -> bool:
    """Is the local time in the window?"""
    wall = to_datetime(at, tz)
    minute, weekday = wall.hour * 60 + wall.minute, wall.weekday()
    return not window.open_hours or any(
        (weekday in hours.days and hours.opens <= minute < hours.closes)
        or ((weekday - 1) % 7 in hours.days and minute < hours.closes - DAY)
        for hours in window.open_hours
    )


def blackout_at(blackouts: Sequence[Blackout], tz: ZoneInfo, at: int) -> Blackout | None:
    """Return the blackout on the local day of an instant, or None."""
    day = to_datetime(at, tz).date()
    return next((blackout for blackout in blackouts if blackout.first <= day <= blackout.last), None)


def first_open_at(window: Window, blackouts: Sequence[Blackout], tz: ZoneInfo, at: int) -> int:
    """Return the first instant at or after `at` at which the window is open, on a day without a blackout."""
    while True:
        while blackout := blackout_at(blackouts, tz, at):
            at = start_of_day(blackout.last + timedelta(days=1), tz)
        if is_open(window, tz, at):
            return at
        at = next(instant for instant in _possible_openings(window, tz, at) if is_open(window, tz, instant))


def start_of_next_day(at: int, tz: ZoneInfo) -> int:
    """Return the first instant of the following local day."""
    return start_of_day(to_datetime(at, tz).date() + timedelta(days=1), tz)


def same_time_next_business_day(at: int, tz: ZoneInfo, holidays: Container[date]) -> int:
    """Return the same local time on the next day from Monday to Friday that is not in `holidays`."""
    day = to_datetime(at, tz).date() + timedelta(days=1)
    while day.weekday() > 4 or day in holidays:
        day += timedelta(days=1)
    return same_time_on(day, at, tz)


def same_time_on(day: date, at: int, tz: ZoneInfo) -> int:
    """Return the local time of `at` on another day: the first of two, or the end of the gap for a time in a gap."""
    wall = datetime.combine(day, to_datetime(at, tz).time())
    first, second = (_to_instant(wall, tz, fold) for fold in (0, 1))
    return first if first <= second else _find_clock_change(day, tz)[0]


def _possible_openings(window: Window, tz: ZoneInfo, after: int) -> Iterator[int]:
    """Yield the instants after `after` at which the window may open: its opening times, and clock changes. Sorted."""
    day = to_datetime(after, tz).date() - timedelta(days=1)
    while True:
        instants = set(_find_clock_change(day, tz))
        for hours in window.open_hours:
            wall = datetime.combine(day, time()) + timedelta(minutes=hours.opens)
            instants.update(_to_instant(wall, tz, fold) for fold in (0, 1) if day.weekday() in hours.days)
        yield from sorted(instant for instant in instants if instant > after)
        day += timedelta(days=1)


@lru_cache(maxsize=1_024)
def _find_clock_change(day: date, tz: ZoneInfo) -> tuple[int, ...]:
    """Return the instant of the clock change on that day, or an empty tuple."""
    low, high = start_of_day(day, tz) - MINUTE, start_of_day(day + timedelta(days=1), tz)
    before = to_datetime(low, tz).utcoffset()
    if to_datetime(high, tz).utcoffset() == before:
        return ()
    while high - low > 1_000:
        middle = (low + high) // 2_000 * 1_000
        low, high = (middle, high) if to_datetime(middle, tz).utcoffset() == before else (low, middle)
    return (high,)


def _to_instant(wall: datetime, tz: ZoneInfo, fold: int) -> int:
    """Return the instant of a local time: `fold` selects one of two; a time in a gap moves by the gap's length."""
    return round(wall.replace(tzinfo=tz, fold=fold).timestamp()) * 1_000
