"""Periods with a constant UTC offset in a time zone, and the clock changes between them.

zoneinfo does not list its transitions, so the offset is sampled every four days and a change is located by bisection.
Instants are UTC milliseconds. Limit: two changes that cancel out within four days are not found. Since 1970 the
shortest summer time of any zone lasted seven days (north-east Brazil, 2000).
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


class OffsetPeriod(NamedTuple):
    """Period from `start` until before `end` with local time UTC plus `offset`; `before`: the offset until `start`."""

    start: int
    end: int
    offset: int
    before: int


@cache
def zone(name: str) -> ZoneInfo:
    """Return the zone of that name, cached. Raises BadInput if there is none."""
    return times.zone(name)


def offset_periods(tz: str, after: int, until: int) -> Iterator[OffsetPeriod]:
    """Return the periods of `tz` that overlap the time from `after` to `until`.

    The first period starts at its clock change, or a day before `after`: earlier changes affect no rule. A period ends
    with its year too, so that a zone without changes is not sampled for all the time up to `until`.
    """
    start = after - DAY
    offset = before = _offset(zone(tz), start // SECOND) * SECOND
    year = _year(start)
    while start <= until:
        for at, new_offset in transitions(tz, year):
            if at <= start:
                continue
            if at > after:
                yield OffsetPeriod(start, min(at, until + 1), offset, before)
            if at > until:
                return
            start, before, offset = at, offset, new_offset
        year += 1
        end = _year_start(year)
        if end > until:
            break
        if after < end and start < end - DAY:
            yield OffsetPeriod(start, end, offset, before)
            start, before = end, offset
    yield OffsetPeriod(start, until + 1, offset, before)


@lru_cache(maxsize=4096)
def transitions(tz: str, year: int) -> tuple[tuple[int, int], ...]:
    """Return the changes of offset within a UTC year: (instant, new offset), both in milliseconds."""
    place = zone(tz)
    first, last = _year_start(year) // SECOND, _year_start(year + 1) // SECOND
    changes = []
    known = _offset(place, first - 1)
    for low in range(first - 1, last - 1, STEP_S):
        high = min(low + STEP_S, last - 1)
        offset = _offset(place, high)
        if offset != known:
            changes.append((_find_change(place, low, high, known) * SECOND, offset * SECOND))
            known = offset
    return tuple(changes)


def _find_change(place: ZoneInfo, low: int, high: int, known: int) -> int:
    """Return the first second after `low`, up to `high`, with an offset other than `known`."""
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _offset(place, middle) == known else (low, middle)
    return high


def _offset(place: ZoneInfo, second: int) -> int:
    offset = (EPOCH + timedelta(seconds=second)).astimezone(place).utcoffset()
    assert offset is not None  # a ZoneInfo always has one
    return offset.days * DAY_S + offset.seconds


def _year(ms: int) -> int:
    return (EPOCH + timedelta(milliseconds=ms)).year


@lru_cache(maxsize=1024)
def _year_start(year: int) -> int:
    return (datetime(year, 1, 1, tzinfo=UTC) - EPOCH).days * DAY
