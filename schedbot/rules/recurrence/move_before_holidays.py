"""Move occurrences on a public holiday to the same wall-clock time on the last business day before it.

A business day is Monday to Friday and no holiday of the region. Only holidays move: a Saturday that is no holiday
stays. Two times that coincide are one occurrence. Wall-clock times are moved, so clock changes apply on the day to
which they move. Lazy: a frequent rule pays for the days around a holiday, a yearly one for no day in between.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import groupby

from schedbot import times
from schedbot.rules.recurrence.cron_expression import EPOCH, MINUTES, CronExpression
from schedbot.rules.recurrence.rrule import RecurrenceRule

FRIDAY = 5


@dataclass(frozen=True, slots=True)
class ShiftedRule:
    """Rule whose times on holidays of `region` move to the business day before."""

    base: CronExpression | RecurrenceRule
    region: str

    @property
    def is_wildcard(self) -> bool:
        """Does the minute or hour of the rule begin with `*`? It decides on clock changes for moved times as well."""
        return self.base.is_wildcard


def shift(walls: Iterator[int], region: str) -> Iterator[int]:
    """Move the sorted wall-clock times that are on a holiday. Returns sorted times without duplicates."""
    for business_day, group in groupby(walls, key=lambda wall: last_business_day(region, wall // MINUTES)):
        if is_followed_by_holiday(region, business_day):
            yield from sorted({shift_day(region, wall // MINUTES) * MINUTES + wall % MINUTES for wall in group})
        else:
            yield from group


def latest_source(region: str, last: int) -> int:
    """Return the last wall-clock time that may move to `last` or before."""
    day = last // MINUTES
    while last_business_day(region, day + 1) <= last // MINUTES:
        day += 1
    return (day + 1) * MINUTES - 1


def shift_day(region: str, day: int) -> int:
    """Return the day itself, or for a holiday the business day before. Days are counted from 1970-01-01."""
    return last_business_day(region, day) if is_holiday(region, day) else day


@lru_cache(maxsize=65_536)
def last_business_day(region: str, day: int) -> int:
    """Return the last business day up to and including `day`. Every calendar has one within a few weeks."""
    while date.fromordinal(day + EPOCH).isoweekday() > FRIDAY or is_holiday(region, day):
        day -= 1
    return day


@lru_cache(maxsize=65_536)
def is_followed_by_holiday(region: str, day: int) -> bool:
    """Is there a holiday between this business day and the next?"""
    following = day + 1
    while last_business_day(region, following) == day:
        if is_holiday(region, following):
            return True
        following += 1
    return False


@lru_cache(maxsize=65_536)
def is_holiday(region: str, day: int) -> bool:
    """Is that day a public holiday of the region?"""
    from schedbot.rules import public_holidays

    return public_holidays.holiday_name(region, date.fromordinal(day + EPOCH)) is not None


def shift_instant(at: int, tz: str, region: str) -> int:
    """Return the instant itself, or for one on a holiday the same local time on the business day before.

    A time in a spring gap becomes the end of the gap.
    """
    from schedbot.rules import windows

    local_day = date.fromisoformat(times.to_local_rfc3339(at, times.zone(tz))[:10])
    day = local_day.toordinal() - EPOCH
    if not is_holiday(region, day):
        return at
    return windows.same_time_on(date.fromordinal(last_business_day(region, day) + EPOCH), at, times.zone(tz))
