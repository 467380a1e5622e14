"""Wall-clock times of a cron expression, without clock changes.

Days: if day-of-month or day-of-week begins with `*`, both must match, else one is enough (Debian's cron). croniter
parses the normalized fields. A wall-clock time is a number of minutes since 1970-01-01 00:00 local time.
"""

from bisect import bisect_left
from calendar import monthrange
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

MINUTES = 1_440
EPOCH = date(1970, 1, 1).toordinal()
LAST = "l"  # croniter's value, for the last day of the month and the last weekday of it
WEEK = 7
# 28 years contain every kind of year: leap or not, beginning on each weekday.
FULL_CYCLE = ((date(2000, 1, 1).toordinal() - EPOCH), (date(2028, 1, 1).toordinal() - EPOCH) - 1)


@dataclass(frozen=True, slots=True, eq=False)
class CronExpression:
    """Values of a cron expression. `weekdays`: Sunday is 0; `nth`: positions in the month, for some weekdays."""

    times_of_day: tuple[int, ...]  # minutes of the day, in order
    days: frozenset[int | str]
    months: frozenset[int]
    weekdays: frozenset[int]
    nth: Mapping[int, frozenset[int | str]]
    needs_both: bool  # day-of-month and day-of-week must both match
    is_wildcard: bool  # minute or hour begins with `*`


@lru_cache(maxsize=16_384)
def parse_cron(normal_form: str) -> CronExpression:
    """Parse an expression that `cron_normalization.normalize` returned."""
    from croniter import croniter

    (minutes, hours, days, months, weekdays), nth = croniter.expand(normal_form)
    minute, hour, day, _, weekday = normal_form.split()
    all_hours, all_minutes = _numbers(hours, range(24)), _numbers(minutes, range(60))
    return CronExpression(
        times_of_day=tuple(h * 60 + m for h in sorted(all_hours) for m in sorted(all_minutes)),
        days=frozenset(range(1, 32)) if "*" in days else frozenset(days),
        months=_numbers(months, range(1, 13)),
        weekdays=_numbers(weekdays, range(7)),
        nth={weekday: frozenset(positions) for weekday, positions in nth.items()},
        needs_both=day.startswith("*") or weekday.startswith("*"),
        is_wildcard=minute.startswith("*") or hour.startswith("*"),
    )


def _numbers(expanded: list[int | str], whole: range) -> frozenset[int]:
    # A `*` anywhere in a list means all; croniter keeps it beside the other values.
    return frozenset(whole) if "*" in expanded else frozenset(n for n in expanded if isinstance(n, int))


def wall_times(cron: CronExpression, first: int, last: int) -> Iterator[int]:
    """Return the wall-clock times from `first` to `last`, both included, in order."""
    times_of_day = cron.times_of_day
    for day in _matching_days(cron, first // MINUTES, last // MINUTES):
        midnight = day * MINUTES
        low = bisect_left(times_of_day, first - midnight) if midnight < first else 0
        for minute in times_of_day[low:] if low else times_of_day:
            if midnight + minute > last:
                return
            yield midnight + minute


def is_ever_due(cron: CronExpression) -> bool:
    """Is there a matching day in any year?"""
    return any(True for _ in _matching_days(cron, *FULL_CYCLE))


def _matching_days(cron: CronExpression, first: int, last: int) -> Iterator[int]:
    """Return the matching days from `first` to `last`, counted from 1970-01-01."""
    start = date.fromordinal(first + EPOCH)
    year, month = start.year, start.month
    while True:
        if month in cron.months:
            before = date(year, month, 1).toordinal() - EPOCH - 1
            if before >= last:
                return
            for day in days_of_month(cron, year, month):
                if before + day > last:
                    return
                if before + day >= first:
                    yield before + day
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)


@lru_cache(maxsize=16_384)
def days_of_month(cron: CronExpression, year: int, month: int) -> tuple[int, ...]:
    """Return the matching days of the month, regardless of the expression's months."""
    weekday_of_first, length = monthrange(year, month)
    by_date = {day for day in range(1, length + 1) if day in cron.days}
    if LAST in cron.days:
        by_date.add(length)
    by_weekday: set[int] = set()
    for weekday in cron.weekdays:
        first = (weekday - 1 - weekday_of_first) % WEEK + 1
        by_weekday.update(_select_nth(range(first, length + 1, WEEK), cron.nth.get(weekday)))
    return tuple(sorted(by_date & by_weekday if cron.needs_both else by_date | by_weekday))


def _select_nth(dates: range, positions: frozenset[int | str] | None) -> Iterator[int]:
    for number, day in enumerate(dates, start=1):
        if positions is None or number in positions or (LAST in positions and number == len(dates)):
            yield day
