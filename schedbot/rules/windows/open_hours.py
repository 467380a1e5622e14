"""When a schedule may be posted: send windows, such as `mon-fri 08:00-18:00`, and blackouts, spans of whole days.

Rule: a window is open while the wall clock of the schedule's zone shows a time in it, whatever clock changes do; one
that goes over midnight (`fri 22:00-02:00`) belongs to the day on which it begins. Instants are UTC milliseconds. Pure.
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
    """Does the wall clock show a time in the window?"""
    wall = to_datetime(at, tz)
    minute, weekday = wall.hour * 60 + wall.minute, wall.weekday()
    return not window.spans or any(
        (weekday in span.days and span.opens <= minute < span.closes)
        or ((weekday - 1) % 7 in span.days and minute < span.closes - DAY)
        for span in window.spans
    )


def blackout_at(blackouts: Sequence[Blackout], tz: ZoneInfo, at: int) -> Blackout | None:
    """The blackout that holds at an instant."""
    day = to_datetime(at, tz).date()
    return next((one for one in blackouts if one.first <= day <= one.last), None)


def first_open_at(window: Window, blackouts: Sequence[Blackout], tz: ZoneInfo, at: int) -> int:
    """The first instant at or after `at` at which the window is open and no blackout holds: `at` itself if so."""
    while True:
        while blackout := blackout_at(blackouts, tz, at):
            at = start_of_day(blackout.last + timedelta(days=1), tz)
        if is_open(window, tz, at):
            return at
        at = next(instant for instant in _openings(window, tz, at) if is_open(window, tz, instant))


def start_of_next_day(at: int, tz: ZoneInfo) -> int:
    """The first instant of the following day."""
    return start_of_day(to_datetime(at, tz).date() + timedelta(days=1), tz)


def same_time_next_business_day(at: int, tz: ZoneInfo, taken: Container[date]) -> int:
    """The same wall-clock time on the first day after that of `at` which is Monday to Friday and not `taken`."""
    day = to_datetime(at, tz).date() + timedelta(days=1)
    while day.weekday() > 4 or day in taken:
        day += timedelta(days=1)
    return same_time_on(day, at, tz)


def same_time_on(day: date, at: int, tz: ZoneInfo) -> int:
    """The wall-clock time of `at` on another day: the first of two, and for one in a gap the end of the gap."""
    wall = datetime.combine(day, to_datetime(at, tz).time())
    first, second = (_instant(wall, tz, fold) for fold in (0, 1))
    return first if first <= second else _change_on(day, tz)[0]


def _openings(window: Window, tz: ZoneInfo, after: int) -> Iterator[int]:
    """The instants after `after`, in order, at which it may begin to be open: by its spans, or as clocks change."""
    day = to_datetime(after, tz).date() - timedelta(days=1)
    while True:
        found = set(_change_on(day, tz))
        for span in window.spans:
            wall = datetime.combine(day, time()) + timedelta(minutes=span.opens)
            found.update(_instant(wall, tz, fold) for fold in (0, 1) if day.weekday() in span.days)
        yield from sorted(instant for instant in found if instant > after)
        day += timedelta(days=1)


@lru_cache(maxsize=1_024)
def _change_on(day: date, tz: ZoneInfo) -> tuple[int, ...]:
    """The instant on that day at which the clocks change, if they do."""
    low, high = start_of_day(day, tz) - MINUTE, start_of_day(day + timedelta(days=1), tz)
    before = to_datetime(low, tz).utcoffset()
    if to_datetime(high, tz).utcoffset() == before:
        return ()
    while high - low > 1_000:
        middle = (low + high) // 2_000 * 1_000
        low, high = (middle, high) if to_datetime(middle, tz).utcoffset() == before else (low, middle)
    return (high,)


def _instant(wall: datetime, tz: ZoneInfo, fold: int) -> int:
    """The instant of a wall-clock time: the first of two; one in a gap is as long after it as it is within."""
    return round(wall.replace(tzinfo=tz, fold=fold).timestamp()) * 1_000
