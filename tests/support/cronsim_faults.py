"""Known differences between cronsim and Debian cron, by name. All other cases are compared with cronsim."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from tests.support.random_cron import DAY, CronCase, clock_change_hours

HOUR = timedelta(hours=1)
RANGE_OF_ONE = re.compile(r"\b(\w+)-\1/")  # 0-0/7 is 0 alone for cron: from, to, step


def known_fault(case: CronCase, until: int) -> str | None:
    """Return the name of the cronsim fault that may show between the start and `until` (UTC seconds), or None."""
    if RANGE_OF_ONE.search(case.cron):
        return "a range of one value with a step, taken as open"
    minute, hour, day, month, weekday = case.cron.split()
    wildcard = minute.startswith("*") or hour.startswith("*")
    limited = (day, month, weekday) != ("*", "*", "*")
    for before, after in changes(case.zone, case.start - DAY, until):
        jump = offset(after) - offset(before)
        if jump % HOUR or after.minute:
            return "a change off the full hour"
        if abs(jump) >= 3 * HOUR:
            return "a change of three hours or more"
        if jump > timedelta() and wildcard and limited and crosses_midnight(before, after):
            return "a wildcard limited to days, with a gap at midnight"
        if jump < timedelta() and 0 <= case.start - after.timestamp() < -jump.total_seconds():
            return "a start inside the second pass of an overlap"
    return None


def changes(zone: str, start: int, until: int) -> Iterator[tuple[datetime, datetime]]:
    """Yield the last minute before and the first minute after each change of the zone's offset."""
    tz = ZoneInfo(zone)
    for hour in clock_change_hours(zone):
        if start <= hour <= until:
            minutes = [datetime.fromtimestamp(second, tz) for second in range(hour - 60, hour + 3_660, 60)]
            for before, after in pairwise(minutes):
                if offset(before) != offset(after):
                    yield before, after


def crosses_midnight(before: datetime, after: datetime) -> bool:
    return before.date() != after.date()


def offset(wall: datetime) -> timedelta:
    return wall.utcoffset() or timedelta()


def fire_times(case: CronCase, count: int) -> list[int]:
    """Return cronsim's fire times after the start, in UTC seconds."""
    from cronsim import CronSim

    cron = " ".join(part.replace("L0", "0L") for part in case.cron.split())
    start = datetime.fromtimestamp(case.start, UTC).astimezone(ZoneInfo(case.zone))
    simulated = CronSim(cron, start)
    return [int(next(simulated).timestamp()) for _ in range(count)]
