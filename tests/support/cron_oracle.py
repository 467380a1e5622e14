"""Slow reference implementation of Debian cron's rule, to compare the product with.

It walks through real minutes, reads the wall clock of each, and decides whether the expression fires. It shares no
code, no parser and no library but zoneinfo with the product. Instants are UTC seconds.
"""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
THREE_HOURS = timedelta(hours=3)
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WallTimeMatcher = Callable[[datetime], bool]
WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


def fire_times(expression: str, zone: str, start: int, end: int) -> Iterator[int]:
    """Yield the instants after `start` and before `end` at which cron runs a job, in UTC seconds."""
    minute, hour, *_ = expression.split()
    is_wildcard = minute.startswith("*") or hour.startswith("*")
    return fire_times_of(matcher(expression), is_wildcard, zone, start, end)


def fire_times_of(matches: WallTimeMatcher, wildcard: bool, zone: str, start: int, end: int) -> Iterator[int]:
    """Yield the fire times of the wall-clock times that `matches` accepts."""
    tz = ZoneInfo(zone)
    # Begin a day earlier, so that an overlap that began before the start counts.
    first = (start - 86_400) // 60 * 60
    before = datetime.fromtimestamp(first, tz)
    repeated_minutes = 0
    for now in range(first, end, 60):
        wall = datetime.fromtimestamp(now, tz)
        due = matches(wall)
        if not wildcard:
            jump = offset(wall) - offset(before)
            if MINUTE <= jump < THREE_HOURS:
                due = due or any(map(matches, skipped_wall_times(before, wall)))
            if MINUTE <= -jump <= THREE_HOURS:
                repeated_minutes = -jump // MINUTE  # the clock shows these minutes a second time
            if repeated_minutes:
                due, repeated_minutes = False, repeated_minutes - 1
        if due and now > start:
            yield now
        before = wall


def offset(wall: datetime) -> timedelta:
    return wall.utcoffset() or timedelta()


def skipped_wall_times(before: datetime, wall: datetime) -> Iterator[datetime]:
    """Yield the wall-clock times that the clock skipped between two minutes."""
    missing = before.replace(tzinfo=None) + MINUTE
    while missing < wall.replace(tzinfo=None):
        yield missing
        missing += MINUTE


def matcher(expression: str) -> WallTimeMatcher:
    """Return a function that tells whether the expression includes a wall-clock time."""
    minute, hour, day, month, weekday = expression.lower().split()
    minutes, hours, months = numbers(minute, 0, 59), numbers(hour, 0, 23), numbers(month, 1, 12)
    both = day.startswith("*") or weekday.startswith("*")
    cache: dict[date, bool] = {}

    def is_day(today: date) -> bool:
        by_date, by_weekday = matches_date(day, today), matches_weekday(weekday, today)
        return today.month in months and (by_date and by_weekday if both else by_date or by_weekday)

    def matches(wall: datetime) -> bool:
        if wall.minute not in minutes or wall.hour not in hours:
            return False
        today = wall.date()
        if today not in cache:
            cache[today] = is_day(today)
        return cache[today]

    return matches


def matches_date(field: str, today: date) -> bool:
    is_last = (today + timedelta(days=1)).month != today.month
    return any(is_last if term == "l" else today.day in numbers(term, 1, 31) for term in field.split(","))


def matches_weekday(field: str, today: date) -> bool:
    number = today.isoweekday() % 7
    in_last_week = (today + timedelta(days=7)).month != today.month
    for term in field.split(","):
        name, _, nth = term.partition("#")
        last, name = name.startswith("l"), name.removeprefix("l")
        days = {n % 7 for n in numbers(name, 0, 7)}
        if number in days and (not last or in_last_week) and (not nth or (today.day - 1) // 7 + 1 == int(nth)):
            return True
    return False


def numbers(field: str, low: int, high: int) -> set[int]:
    """Return the numbers of a field of lists, ranges and steps."""
    result: set[int] = set()
    for term in field.split(","):
        span, _, step = term.partition("/")
        first, _, last = (f"{low}-{high}" if span == "*" else span).partition("-")
        result.update(range(value(first), value(last or first) + 1, int(step or 1)))
    return result


def value(word: str) -> int:
    if word in MONTHS:
        return MONTHS.index(word) + 1
    return WEEKDAYS.index(word) if word in WEEKDAYS else int(word)
