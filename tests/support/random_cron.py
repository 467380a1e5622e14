"""Random cron expressions, zones and starts, for tests and benches that compare implementations of cron.

Most starts lie near a clock change of the zone. Zones with unusual changes are drawn more often.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from random import Random
from typing import NamedTuple
from zoneinfo import ZoneInfo, available_timezones

DAY, HOUR = 86_400, 3_600
YEARS = range(2007, 2038)
STRANGE = (
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "America/Sao_Paulo",
    "Africa/Cairo",
    "Asia/Beirut",
    "Pacific/Apia",
    "Antarctica/Casey",
    "America/Caracas",
    "Europe/Moscow",
    "Asia/Kathmandu",
    "America/St_Johns",
    "Africa/Casablanca",
    "Asia/Gaza",
    "Antarctica/Troll",
    "Asia/Pyongyang",
    "America/Havana",
    "Asia/Tehran",
    "Europe/Dublin",
    "America/Scoresbysund",
    "Atlantic/Azores",
)


class CronCase(NamedTuple):
    """A cron expression, a zone and a start in UTC seconds."""

    cron: str
    zone: str
    start: int


def draw_case(random: Random) -> CronCase:
    """Return a random case."""
    zone = random.choice(STRANGE) if random.random() < 0.5 else random.choice(_zones())
    changes = clock_change_hours(zone)
    if changes and random.random() < 0.9:
        # Mostly shortly before the change, so that frequent expressions reach it; sometimes inside the overlap.
        start = (
            random.choice(changes) + HOUR - int(30 * HOUR * random.random() ** 3) + random.choice([0, 0, 0, 2 * HOUR])
        )
    else:
        start = int(datetime(random.choice(YEARS), 1, 1, tzinfo=UTC).timestamp()) + random.randrange(365 * DAY)
    return CronCase(expression(random), zone, start)


@cache
def _zones() -> Sequence[str]:
    return sorted(name for name in available_timezones() if "/" in name)


@cache
def clock_change_hours(zone: str) -> Sequence[int]:
    """Return the full hours, in UTC seconds, within an hour of which the zone's offset changes."""
    tz = ZoneInfo(zone)
    first, last = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (YEARS[0], YEARS[-1]))
    offsets = [(day, offset(tz, day)) for day in range(first, last, DAY)]
    days = [day for (day, before), (_, after) in pairwise(offsets) if before != after]
    hours = [range(day, day + DAY + HOUR, HOUR) for day in days]
    return [before for day in hours for before, after in pairwise(day) if offset(tz, before) != offset(tz, after)]


def offset(tz: ZoneInfo, second: int) -> timedelta | None:
    return datetime.fromtimestamp(second, tz).utcoffset()


def expression(random: Random) -> str:
    """Return an expression of five fields, in all the spellings that cron accepts."""
    minute, hour = _part(random, 0, 59, (1, 15)), _part(random, 0, 23, (3, 7))
    if minute.startswith("*") and random.random() < 0.5:
        minute = str(random.randint(0, 59))
    if random.random() < 0.5:
        hour = random.choice(["0", "1", "2", "3", "0-3", "1,2", "23,0", "2-3", "0-23"])  # where clocks change
    day = "*" if random.random() < 0.7 else random.choice(["*/2", "*/3", "1-15", "1,15,L", "2-31/2", "L", "29-31"])
    month = "*" if random.random() < 0.85 else random.choice(["3,4,10,11", "*/2", "jan-JUN", "9-12"])
    weekday = (
        "*" if random.random() < 0.7 else random.choice(["1-5", "0", "sun,Mon", "5-7", "*/2", "6,7", "L0", "0#2,0#1"])
    )
    return f"{minute} {hour} {day} {month} {weekday}"


def _part(random: Random, low: int, high: int, steps: tuple[int, int]) -> str:
    value, step = random.randint(low, high), random.randint(*steps)
    top = random.randint(value, high)
    span = f"{value}-{top}"
    return random.choice(["*", f"*/{step}", str(value), span, f"{low}-{top}/{step}", f"{low},{value},{high}"])
