"""Slow reference implementation of the holiday policy `before`, day by day. `cron_oracle` handles clock changes."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import cache

import holidays

from tests.support.cron_oracle import WallTimeMatcher, fire_times_of, matcher

DAY = timedelta(days=1)


@cache
def calendar(region: str) -> holidays.HolidayBase:
    country, _, part = region.partition("-")
    return holidays.country_holidays(country, subdiv=part or None)


def holidays_of(region: str, year: int) -> list[date]:
    """Return the holidays of a year, in order."""
    country, _, part = region.partition("-")
    return sorted(holidays.country_holidays(country, subdiv=part or None, years=year))


def is_business_day(region: str, day: date) -> bool:
    return day.weekday() < 5 and day not in calendar(region)


def represented_days(region: str, day: date) -> Iterator[date]:
    """Yield the days whose times are due on `day`: the day itself, and the holidays up to the next business day."""
    if day not in calendar(region):
        yield day
    if is_business_day(region, day):
        later = day + DAY
        while not is_business_day(region, later):
            if later in calendar(region):
                yield later
            later += DAY


def before_holidays(matches: WallTimeMatcher, region: str) -> WallTimeMatcher:
    """Return a matcher of the rule's wall-clock times, with those of holidays moved to the business day before."""
    cache: dict[date, list[date]] = {}

    def matches_moved(wall: datetime) -> bool:
        today = wall.date()
        if today not in cache:
            cache[today] = list(represented_days(region, today))
        return any(matches(datetime.combine(day, wall.time())) for day in cache[today])

    return matches_moved


def fire_times(case: tuple[str, str, str], start: int, end: int) -> Iterator[int]:
    """Yield the fire times of (expression, zone, region) after `start` and before `end`, in UTC seconds."""
    expression, zone, region = case
    minute, hour, *_ = expression.split()
    wildcard = minute.startswith("*") or hour.startswith("*")
    return fire_times_of(before_holidays(matcher(expression), region), wildcard, zone, start, end)
