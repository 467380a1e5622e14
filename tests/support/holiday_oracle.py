"""A second statement of what is due before holidays, day by day, slow and obvious; `oracle_cron` has the clock."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import cache

import holidays

from tests.support.cron_oracle import Shows, fires_shown, matcher

DAY = timedelta(days=1)


@cache
def calendar(region: str) -> holidays.HolidayBase:
    country, _, part = region.partition("-")
    return holidays.country_holidays(country, subdiv=part or None)


def holidays_of(region: str, year: int) -> list[date]:
    """The holidays of a year, in order."""
    country, _, part = region.partition("-")
    return sorted(holidays.country_holidays(country, subdiv=part or None, years=year))


def is_business_day(region: str, day: date) -> bool:
    return day.weekday() < 5 and day not in calendar(region)


def represented_days(region: str, day: date) -> Iterator[date]:
    """The days whose times are due on `day`: itself, and the holidays up to the next business day."""
    if day not in calendar(region):
        yield day
    if is_business_day(region, day):
        later = day + DAY
        while not is_business_day(region, later):
            if later in calendar(region):
                yield later
            later += DAY


def before_holidays(shows: Shows, region: str) -> Shows:
    """Whether a wall-clock time is one of the rule, or comes to stand for one on a holiday."""
    known: dict[date, list[date]] = {}

    def shows_one(wall: datetime) -> bool:
        today = wall.date()
        if today not in known:
            known[today] = list(represented_days(region, today))
        return any(shows(datetime.combine(day, wall.time())) for day in known[today])

    return shows_one


def fires(question: tuple[str, str, str], start: int, end: int) -> Iterator[int]:
    """Expression, zone and region in; the instants after `start`, before `end`, in UTC seconds."""
    expression, zone, region = question
    minute, hour, *_ = expression.split()
    wildcard = minute.startswith("*") or hour.startswith("*")
    return fires_shown(before_holidays(matcher(expression), region), wildcard, zone, start, end)
