"""What would be due on a public holiday is due at the same wall-clock time on the last business day before it.

A business day is Monday to Friday and no holiday of the region; on a Saturday that is none, nothing moves. Two times
that come to one are one occurrence. It is wall-clock times that are moved, so clock changes are met afterwards, on the
day on which they are due. Lazy: a rule that is due every few minutes pays for the days around a holiday, a yearly one
for no day between.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import groupby

from schedbot import times
from schedbot.rules.recurrence.cron_times import EPOCH, MINUTES, Plan
from schedbot.rules.recurrence.rrule import Rhythm

FRIDAY = 5


@dataclass(frozen=True, slots=True)
class BroughtForward:
    """A timetable whose times on holidays of `region` come earlier."""

    base: Plan | Rhythm
    region: str

    @property
    def wildcard(self) -> bool:
        """Does its rule begin its minute or hour with `*`? A moved time meets clock changes as its rule does."""
        return self.base.wildcard


def moved(walls: Iterator[int], region: str) -> Iterator[int]:
    """The wall-clock times `walls`, which are in order, each where its day puts it; in order, none of them twice."""
    for stay, near in groupby(walls, key=lambda wall: business_day(region, wall // MINUTES)):
        if is_followed_by_holiday(region, stay):
            yield from sorted({day_of(region, wall // MINUTES) * MINUTES + wall % MINUTES for wall in near})
        else:
            yield from near


def last_that_moves(region: str, last: int) -> int:
    """The last wall-clock time that can come to `last` or before it."""
    day = last // MINUTES
    while business_day(region, day + 1) <= last // MINUTES:
        day += 1
    return (day + 1) * MINUTES - 1


def day_of(region: str, day: int) -> int:
    """Where a day's times are due: on itself, or before a holiday. Days are counted from 1970-01-01."""
    return business_day(region, day) if is_holiday(region, day) else day


@lru_cache(maxsize=65_536)
def business_day(region: str, day: int) -> int:
    """The last business day up to and with `day`; no calendar is without one for more than a few weeks."""
    while date.fromordinal(day + EPOCH).isoweekday() > FRIDAY or is_holiday(region, day):
        day -= 1
    return day


@lru_cache(maxsize=65_536)
def is_followed_by_holiday(region: str, day: int) -> bool:
    """Is there a holiday between a business day and the next one?"""
    following = day + 1
    while business_day(region, following) == day:
        if is_holiday(region, following):
            return True
        following += 1
    return False


@lru_cache(maxsize=65_536)
def is_holiday(region: str, day: int) -> bool:
    """Is that day a public holiday of the region?"""
    from schedbot.rules import holidays

    return holidays.holiday_name(region, date.fromordinal(day + EPOCH)) is not None


def instant(at: int, tz: str, region: str) -> int:
    """Where a single instant is due: itself, or before a holiday, a time in a gap at the gap's end."""
    from schedbot.rules import windows

    there = date.fromisoformat(times.to_local_rfc3339(at, times.zone(tz))[:10])
    day = there.toordinal() - EPOCH
    if not is_holiday(region, day):
        return at
    return windows.same_time_on(date.fromordinal(business_day(region, day) + EPOCH), at, times.zone(tz))
