"""When a zone's clocks change: stretches of time in which its offset from UTC stands still.

zoneinfo does not tell its transitions, so they are found by asking: every fourth day, then by halves. Instants are UTC
milliseconds. Limit: two changes that undo each other within four days would go unseen; since 1970 the shortest summer
time of any zone had seven (Brazil's north-east, 2000).
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from schedbot import times

SECOND = 1_000
DAY_S = 86_400
STEP_S = 4 * DAY_S
DAY = DAY_S * SECOND
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Stretch(NamedTuple):
    """From `start` up to `end` (not in it) the wall clock is UTC plus `offset`; before it was UTC plus `before`."""

    start: int
    end: int
    offset: int
    before: int


@cache
def zone(name: str) -> ZoneInfo:
    """The zone of that name, found once. Raises BadInput if there is none."""
    return times.zone(name)


def stretches(tz: str, after: int, until: int) -> Iterator[Stretch]:
    """The stretches of `tz` that touch the time from `after` up to `until`, the first as of its true start.

    A start is true if it is less than a day back; an earlier one no longer matters to any rule.
    """
    start = after - DAY
    offset = before = _offset(zone(tz), start // SECOND) * SECOND
    year = _year(start)
    while start <= until:
        for at, changed in transitions(tz, year):
            if at <= start:
                continue
            if at > after:
                yield Stretch(start, min(at, until + 1), offset, before)
            if at > until:
                return
            start, before, offset = at, offset, changed
        year += 1
        if _year_start(year) > until:
            break
    yield Stretch(start, until + 1, offset, before)


@lru_cache(maxsize=4096)
def transitions(tz: str, year: int) -> tuple[tuple[int, int], ...]:
    """The changes of offset within a UTC year: (instant, offset from then on), both in milliseconds."""
    place = zone(tz)
    first, last = _year_start(year) // SECOND, _year_start(year + 1) // SECOND
    found = []
    known = _offset(place, first - 1)
    for low in range(first - 1, last - 1, STEP_S):
        high = min(low + STEP_S, last - 1)
        offset = _offset(place, high)
        if offset != known:
            found.append((_change(place, low, high, known) * SECOND, offset * SECOND))
            known = offset
    return tuple(found)


def _change(place: ZoneInfo, low: int, high: int, known: int) -> int:
    """The first second after `low`, at or before `high`, at which the offset is no longer `known`."""
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _offset(place, middle) == known else (low, middle)
    return high


def _offset(place: ZoneInfo, second: int) -> int:
    away = (EPOCH + timedelta(seconds=second)).astimezone(place).utcoffset()
    assert away is not None  # a ZoneInfo always knows
    return away.days * DAY_S + away.seconds


def _year(ms: int) -> int:
    return (EPOCH + timedelta(milliseconds=ms)).year


@lru_cache(maxsize=1024)
def _year_start(year: int) -> int:
    return (datetime(year, 1, 1, tzinfo=UTC) - EPOCH).days * DAY
