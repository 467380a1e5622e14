"""Date arithmetic on the wall clock of a time zone, for templates and Python reports.

Rules: the time of day and the zone stay, over clock changes too. A month that has no such day gives its last day. A
time that the clocks skip becomes the end of the gap; a time that they show twice is the first of the two.
Pure: no function reads the clock.
"""

from calendar import monthrange
from datetime import date, datetime, time, timedelta, tzinfo
from difflib import get_close_matches
from enum import StrEnum

from schedbot.errors import BadInput
from schedbot.text_input import quote
from schedbot.times.format import to_datetime
from schedbot.times.parse import first_instant

YEARS = range(1900, 2200)
MONTHS_OF_YEAR = 12
MONTHS_OF_QUARTER = 3


class Unit(StrEnum):
    """Unit of the calendar. A week begins on Monday, as in ISO 8601."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


def add_days(at: datetime, count: int) -> datetime:
    """Return the same time of day `count` days later, or earlier if negative. Raises BadInput."""
    _check_count(count)
    try:
        wall = at.replace(tzinfo=None) + timedelta(days=count)
    except OverflowError:
        raise _out_of_range(count) from None
    return _move_to(wall, at, count)


def add_weeks(at: datetime, count: int) -> datetime:
    """Return the same weekday and time of day `count` weeks later. Raises BadInput."""
    _check_count(count)
    return add_days(at, 7 * count)


def add_months(at: datetime, count: int) -> datetime:
    """Return the same day and time of day `count` months later; 31 March less a month is 28 or 29 February.

    Raises BadInput.
    """
    _check_count(count)
    year, month = divmod(at.year * MONTHS_OF_YEAR + at.month - 1 + count, MONTHS_OF_YEAR)
    if year not in YEARS:
        raise _out_of_range(count)
    day = min(at.day, monthrange(year, month + 1)[1])
    return _move_to(at.replace(year=year, month=month + 1, day=day, tzinfo=None), at, count)


def add_quarters(at: datetime, count: int) -> datetime:
    """Return the same day and time of day `count` quarters later, as `add_months` does. Raises BadInput."""
    _check_count(count)
    return add_months(at, MONTHS_OF_QUARTER * count)


def add_years(at: datetime, count: int) -> datetime:
    """Return the same day and time of day `count` years later, as `add_months` does. Raises BadInput."""
    _check_count(count)
    return add_months(at, MONTHS_OF_YEAR * count)


def start_of(at: datetime, unit: str) -> datetime:
    """Return the first instant of the day, week, month, quarter or year of `at`, in its zone. Raises BadInput."""
    return start_of_date(first_day(at.date(), parse_unit(unit)), require_zone(at))


def start_of_date(day: date, zone: tzinfo) -> datetime:
    """Return the first instant of the day: in a few zones 01:00, because the clocks skip midnight."""
    return to_datetime(first_instant(datetime.combine(day, time()), zone), zone)


def first_day(day: date, unit: Unit) -> date:
    """Return the first day of the week, month, quarter or year that contains the day."""
    match unit:
        case Unit.DAY:
            return day
        case Unit.WEEK:
            return day - timedelta(days=day.weekday())
        case Unit.MONTH:
            return day.replace(day=1)
        case Unit.QUARTER:
            return day.replace(month=(day.month - 1) // MONTHS_OF_QUARTER * MONTHS_OF_QUARTER + 1, day=1)
        case Unit.YEAR:
            return day.replace(month=1, day=1)


def parse_unit(text: str) -> Unit:
    """Return the unit of `day`, `week`, `month`, `quarter` or `year`. Raises BadInput with the nearest word."""
    try:
        return Unit(text)
    except ValueError:
        near = get_close_matches(str(text).lower(), list(Unit), n=1)
        hint = f"Did you mean '{near[0]}'?" if near else f"Use {', '.join(list(Unit)[:-1])} or {Unit.YEAR}."
        raise BadInput(f"{quote(str(text))} is not a unit of time.", hint) from None


def is_before(at: datetime, other: datetime) -> bool:
    """Is the instant earlier? Python's `<` compares times of the same zone by their wall clock."""
    return at.timestamp() < other.timestamp()


def require_zone(at: datetime) -> tzinfo:
    """Return the zone of an aware datetime. Raises BadInput for any other value."""
    if not isinstance(at, datetime):
        raise BadInput(f"{quote(str(at))} is not a date with a time and a zone.", "Use due, period.start or the like.")
    if at.tzinfo is None:
        raise BadInput(f"{quote(str(at))} has no time zone.", "Use due, period.start or another time with a zone.")
    return at.tzinfo


def _move_to(wall: datetime, at: datetime, count: int) -> datetime:
    """Return the wall-clock time in the zone of `at`, which itself is the answer if nothing moves."""
    zone = require_zone(at)
    if wall.year not in YEARS:
        raise _out_of_range(count)
    if wall == at.replace(tzinfo=None):
        return at
    second = wall.replace(microsecond=0)
    moved = to_datetime(first_instant(second, zone), zone)
    return moved.replace(microsecond=wall.microsecond) if moved.replace(tzinfo=None) == second else moved


def _check_count(count: int) -> None:
    if isinstance(count, bool) or not isinstance(count, int):
        raise BadInput(f"{quote(str(count))} is not a whole number.", "Write it like -7.")


def _out_of_range(count: int) -> BadInput:
    return BadInput(f"{count} leads out of the calendar.", f"Years go from {YEARS[0]} to {YEARS[-1]}.")
