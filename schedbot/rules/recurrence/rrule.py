"""Wall-clock times of an RFC 5545 rule, for recurrences that cron cannot express: every two weeks, a business day.

A rule is stored as text. DTSTART and the resulting times are wall-clock times without a zone, so that clock changes
are handled as for cron. dateutil computes the times, a year at once, from a start that is moved close by whole
intervals, so an old rule costs no more than a new one. A wall-clock time is a number of minutes since 1970-01-01.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import ClassVar

from schedbot.rules.recurrence.cron_expression import EPOCH, MINUTES

STAMP = "%Y%m%dT%H%M%S"
WEEK = 7
DAY_COUNTS = {"DAILY": 1, "WEEKLY": WEEK}
START = datetime(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class RecurrenceRule:
    """RFC 5545 rule. All its times are fixed times, because it names each minute and hour."""

    text: str
    is_wildcard: ClassVar[bool] = False


@lru_cache(maxsize=4_096)
def parse_rrule(text: str) -> Mapping[str, str]:
    """Return the parts of a rule by name, including DTSTART."""
    start, rule = text.split("\n")
    parts = dict(part.split("=") for part in rule.removeprefix("RRULE:").split(";"))
    return {"DTSTART": start.removeprefix("DTSTART:"), **parts}


def rrule_start(text: str) -> datetime:
    """Return the wall-clock time from which the rule counts its intervals."""
    return datetime.strptime(parse_rrule(text)["DTSTART"], STAMP)


def format_rrule(parts: Mapping[str, str]) -> str:
    """Return the text of a rule with these parts."""
    rule = ";".join(f"{name}={value}" for name, value in parts.items() if name != "DTSTART")
    return f"DTSTART:{parts['DTSTART']}\nRRULE:{rule}"


def first_at_or_after(text: str, wall: datetime) -> datetime:
    """Return the rule's first time at or after `wall`. Every rule has a time within a few years."""
    for year in range(wall.year, wall.year + WEEK * 12):
        for minutes in wall_times_of_year(text, year):
            at = START + timedelta(minutes=minutes)
            if at >= wall:
                return at
    raise LookupError(f"{text} is never due")


def wall_times(rule: RecurrenceRule, first: int, last: int) -> Iterator[int]:
    """Return the wall-clock times from `first` to `last`, both included, in order."""
    for year in range(_year(first), _year(last) + 1):
        walls = wall_times_of_year(rule.text, year)
        yield from walls[bisect_left(walls, first) : bisect_right(walls, last)]


@lru_cache(maxsize=16_384)
def wall_times_of_year(text: str, year: int) -> tuple[int, ...]:
    """Return the wall-clock times within a year."""
    from dateutil.rrule import rrulestr  # type: ignore[import-untyped]

    begin = datetime(year, 1, 1)
    rule = rrulestr(text).replace(dtstart=_move_start(parse_rrule(text), begin))
    local_times = rule.between(begin, datetime(year, 12, 31, 23, 59), inc=True)
    return tuple((at - START) // timedelta(minutes=1) for at in local_times)


def _move_start(parts: Mapping[str, str], begin: datetime) -> datetime:
    """Return a start whole intervals after the rule's own, at or before `begin` unless the rule starts later."""
    start, step = datetime.strptime(parts["DTSTART"], STAMP), int(parts["INTERVAL"])
    if days := DAY_COUNTS.get(parts["FREQ"]):
        intervals = max((begin - start).days // (days * step), 0)
        return start + timedelta(days=intervals * days * step)
    months = (begin.year - start.year) * 12 + begin.month - start.month
    if months <= 0:
        return start
    year, month = divmod(start.year * 12 + start.month - 1 + months // step * step, 12)
    near = datetime(year, month + 1, 1)
    return max(near, start)


def _year(wall: int) -> int:
    return date.fromordinal(wall // MINUTES + EPOCH).year
