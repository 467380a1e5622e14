"""Which wall-clock times a cron expression names, as though clocks never changed.

Days: if day-of-month or day-of-week begins with `*` both must match, else either is enough (Debian's cron).
croniter reads the fields, once their spelling is checked. A wall-clock time is a count of minutes since 1970-01-01
00:00 on the same wall.
"""

from bisect import bisect_left
from calendar import monthrange
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

MINUTES = 1_440
EPOCH = date(1970, 1, 1).toordinal()
LAST = "l"  # croniter's word, as a day of the month and as the number of a weekday
WEEK = 7
# In 28 years each kind of year comes by: leap or not, beginning on each weekday.
ALL_KINDS_OF_YEAR = ((date(2000, 1, 1).toordinal() - EPOCH), (date(2028, 1, 1).toordinal() - EPOCH) - 1)


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """A cron expression, read. `weekdays`: Sunday is 0; `nth`: for some of them, which of the month."""

    clock: tuple[int, ...]  # minutes of the day, in order
    days: frozenset[int | str]
    months: frozenset[int]
    weekdays: frozenset[int]
    nth: Mapping[int, frozenset[int | str]]
    both: bool  # day-of-month and day-of-week must both match
    wildcard: bool  # minute or hour begins with `*`


@lru_cache(maxsize=16_384)
def plan_of(spelling: str) -> Plan:
    """Read a checked expression (see `spelling.py`); ValueError from croniter if it is none."""
    from croniter import croniter

    (minutes, hours, days, months, weekdays), nth = croniter.expand(spelling)
    minute, hour, day, _, weekday = spelling.split()
    every_hour = _numbers(hours, range(24))
    every_minute = _numbers(minutes, range(60))
    return Plan(
        clock=tuple(h * 60 + m for h in sorted(every_hour) for m in sorted(every_minute)),
        days=frozenset(range(1, 32)) if "*" in days else frozenset(days),
        months=_numbers(months, range(1, 13)),
        weekdays=_numbers(weekdays, range(7)),
        nth={weekday: frozenset(which) for weekday, which in nth.items()},
        both=day.startswith("*") or weekday.startswith("*"),
        wildcard=minute.startswith("*") or hour.startswith("*"),
    )


def _numbers(expanded: list[int | str], whole: range) -> frozenset[int]:
    # A `*` anywhere in a list takes all; croniter leaves it beside the rest.
    return frozenset(whole) if "*" in expanded else frozenset(n for n in expanded if isinstance(n, int))


def walls(plan: Plan, first: int, last: int) -> Iterator[int]:
    """The wall-clock times from `first` to `last`, both included, in order."""
    clock = plan.clock
    for day in _days(plan, first // MINUTES, last // MINUTES):
        midnight = day * MINUTES
        low = bisect_left(clock, first - midnight) if midnight < first else 0
        for minute in clock[low:] if low else clock:
            if midnight + minute > last:
                return
            yield midnight + minute


def is_ever_due(plan: Plan) -> bool:
    """Whether any day of any year matches."""
    return any(True for _ in _days(plan, *ALL_KINDS_OF_YEAR))


def _days(plan: Plan, first: int, last: int) -> Iterator[int]:
    """The matching days from `first` to `last`, counted from 1970-01-01."""
    start = date.fromordinal(first + EPOCH)
    year, month = start.year, start.month
    while True:
        if month in plan.months:
            before = date(year, month, 1).toordinal() - EPOCH - 1
            if before >= last:
                return
            for day in days_of_month(plan, year, month):
                if before + day > last:
                    return
                if before + day >= first:
                    yield before + day
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)


@lru_cache(maxsize=16_384)
def days_of_month(plan: Plan, year: int, month: int) -> tuple[int, ...]:
    """The days of that month that match, whatever the plan's months are."""
    weekday_of_first, length = monthrange(year, month)
    by_date = {day for day in range(1, length + 1) if day in plan.days}
    if LAST in plan.days:
        by_date.add(length)
    by_weekday: set[int] = set()
    for weekday in plan.weekdays:
        first = (weekday - 1 - weekday_of_first) % WEEK + 1
        by_weekday.update(_chosen(range(first, length + 1, WEEK), plan.nth.get(weekday)))
    return tuple(sorted(by_date & by_weekday if plan.both else by_date | by_weekday))


def _chosen(dates: range, which: frozenset[int | str] | None) -> Iterator[int]:
    for number, day in enumerate(dates, start=1):
        if which is None or number in which or (LAST in which and number == len(dates)):
            yield day
