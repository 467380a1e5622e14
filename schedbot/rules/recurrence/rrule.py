"""What cron can't say, as a rule of RFC 5545: every two weeks, the third business day.

A rule is kept as text: DTSTART and what follows from it are wall-clock times of no zone, so that clock changes are
met as cron meets them. dateutil finds the times, a year at once, from a start that is moved near by whole intervals:
a rule that began long ago costs no more than a new one. A wall-clock time is a count of minutes since 1970-01-01.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import ClassVar

from schedbot.rules.recurrence.cron_times import EPOCH, MINUTES

STAMP = "%Y%m%dT%H%M%S"
WEEK = 7
DAY_COUNTS = {"DAILY": 1, "WEEKLY": WEEK}
START = datetime(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Rhythm:
    """A rule by its text. All its times are fixed ones: it names each minute and hour."""

    text: str
    wildcard: ClassVar[bool] = False


@lru_cache(maxsize=4_096)
def parts_of(text: str) -> Mapping[str, str]:
    """The parts of a rule by their names, DTSTART among them."""
    start, rule = text.split("\n")
    parts = dict(part.split("=") for part in rule.removeprefix("RRULE:").split(";"))
    return {"DTSTART": start.removeprefix("DTSTART:"), **parts}


def rrule_start(text: str) -> datetime:
    """The wall-clock time that a rule is counted from."""
    return datetime.strptime(parts_of(text)["DTSTART"], STAMP)


def text_of(parts: Mapping[str, str]) -> str:
    """The one text that stands for these parts."""
    rule = ";".join(f"{name}={value}" for name, value in parts.items() if name != "DTSTART")
    return f"DTSTART:{parts['DTSTART']}\nRRULE:{rule}"


def first_from(text: str, wall: datetime) -> datetime:
    """The rule's first time at or after `wall`; it has one in every few years."""
    for year in range(wall.year, wall.year + WEEK * 12):
        for minutes in walls_of_year(text, year):
            found = START + timedelta(minutes=minutes)
            if found >= wall:
                return found
    raise LookupError(f"{text} is never due")


def walls(rhythm: Rhythm, first: int, last: int) -> Iterator[int]:
    """The wall-clock times from `first` to `last`, both included, in order."""
    for year in range(_year(first), _year(last) + 1):
        found = walls_of_year(rhythm.text, year)
        yield from found[bisect_left(found, first) : bisect_right(found, last)]


@lru_cache(maxsize=16_384)
def walls_of_year(text: str, year: int) -> tuple[int, ...]:
    """The wall-clock times within a year."""
    from dateutil.rrule import rrulestr  # type: ignore[import-untyped]

    begin = datetime(year, 1, 1)
    rule = rrulestr(text).replace(dtstart=_start_near(parts_of(text), begin))
    found = rule.between(begin, datetime(year, 12, 31, 23, 59), inc=True)
    return tuple((at - START) // timedelta(minutes=1) for at in found)


def _start_near(parts: Mapping[str, str], begin: datetime) -> datetime:
    """A start in step with the rule's own, at or before `begin` unless that is later."""
    start, step = datetime.strptime(parts["DTSTART"], STAMP), int(parts["INTERVAL"])
    if days := DAY_COUNTS.get(parts["FREQ"]):
        whole = max((begin - start).days // (days * step), 0)
        return start + timedelta(days=whole * days * step)
    months = (begin.year - start.year) * 12 + begin.month - start.month
    if months <= 0:
        return start
    year, month = divmod(start.year * 12 + start.month - 1 + months // step * step, 12)
    near = datetime(year, month + 1, 1)
    return max(near, start)


def _year(wall: int) -> int:
    return date.fromordinal(wall // MINUTES + EPOCH).year
