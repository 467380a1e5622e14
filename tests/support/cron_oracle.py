"""A second statement of cron's rule, to hold the first against: minute by minute, slow and obvious.

For each real minute: what does the wall clock show, and does the rule fire? It shares nothing with the product: no
code, no parser, no library but zoneinfo. Instants are UTC seconds.
"""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
THREE_HOURS = timedelta(hours=3)
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
Shows = Callable[[datetime], bool]
WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


def fires(expression: str, zone: str, start: int, end: int) -> Iterator[int]:
    """The instants after `start`, before `end`, at which cron would run a job, in UTC seconds."""
    minute, hour, *_ = expression.split()
    is_wildcard = minute.startswith("*") or hour.startswith("*")
    return fires_shown(matcher(expression), is_wildcard, zone, start, end)


def fires_shown(shows: Shows, wildcard: bool, zone: str, start: int, end: int) -> Iterator[int]:
    """As `fires`, for the wall-clock times that `shows` takes."""
    tz = ZoneInfo(zone)
    # From a day earlier on, so that an overlap that began before the start is seen.
    first = (start - 86_400) // 60 * 60
    before = datetime.fromtimestamp(first, tz)
    silent = 0
    for now in range(first, end, 60):
        wall = datetime.fromtimestamp(now, tz)
        due = shows(wall)
        if not wildcard:
            jump = offset(wall) - offset(before)
            if MINUTE <= jump < THREE_HOURS:
                due = due or any(map(shows, jumped_over(before, wall)))
            if MINUTE <= -jump <= THREE_HOURS:
                silent = -jump // MINUTE  # for so many minutes, the clock shows again what it has shown
            if silent:
                due, silent = False, silent - 1
        if due and now > start:
            yield now
        before = wall


def offset(wall: datetime) -> timedelta:
    return wall.utcoffset() or timedelta()


def jumped_over(before: datetime, wall: datetime) -> Iterator[datetime]:
    """The wall-clock times that the clock never showed between two minutes."""
    missing = before.replace(tzinfo=None) + MINUTE
    while missing < wall.replace(tzinfo=None):
        yield missing
        missing += MINUTE


def matcher(expression: str) -> Shows:
    """Whether a wall-clock time is in the expression."""
    minute, hour, day, month, weekday = expression.lower().split()
    minutes, hours, months = numbers(minute, 0, 59), numbers(hour, 0, 23), numbers(month, 1, 12)
    both = day.startswith("*") or weekday.startswith("*")
    known: dict[date, bool] = {}

    def is_day(today: date) -> bool:
        by_date, by_weekday = on_date(day, today), on_weekday(weekday, today)
        return today.month in months and (by_date and by_weekday if both else by_date or by_weekday)

    def shows(wall: datetime) -> bool:
        if wall.minute not in minutes or wall.hour not in hours:
            return False
        today = wall.date()
        if today not in known:
            known[today] = is_day(today)
        return known[today]

    return shows


def on_date(field: str, today: date) -> bool:
    is_last = (today + timedelta(days=1)).month != today.month
    return any(is_last if term == "l" else today.day in numbers(term, 1, 31) for term in field.split(","))


def on_weekday(field: str, today: date) -> bool:
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
    """The numbers that a field of lists, ranges and steps stands for."""
    found: set[int] = set()
    for term in field.split(","):
        span, _, step = term.partition("/")
        first, _, last = (f"{low}-{high}" if span == "*" else span).partition("-")
        found.update(range(value(first), value(last or first) + 1, int(step or 1)))
    return found


def value(word: str) -> int:
    if word in MONTHS:
        return MONTHS.index(word) + 1
    return WEEKDAYS.index(word) if word in WEEKDAYS else int(word)
