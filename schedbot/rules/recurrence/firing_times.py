"""Instants of a recurrence in its time zone, in UTC milliseconds.

Clock changes follow Debian's cron, as observed on its daemon (3.0pl1-162). A wildcard time (minute or hour begins
with `*`) fires whenever the wall clock shows it. Fixed times in a gap of less than 3 h fire once, together, at the end
of the gap. Fixed times in an overlap of up to 3 h fire in the first pass only. Fixed times in a longer gap are skipped.
Pure: the present is an argument.
"""

from collections import deque
from collections.abc import Iterator
from enum import Enum
from functools import lru_cache
from typing import NamedTuple

from schedbot.model import Recurrence
from schedbot.rules.recurrence import move_before_holidays
from schedbot.rules.recurrence.timetable import Timetable, get_timetable, wall_times
from schedbot.rules.recurrence.utc_offsets import DAY, OffsetPeriod, offset_periods

MINUTE = 60_000
LARGEST_CHANGE = 3 * 60 * MINUTE
# 29 February falls on a Sunday every 28 years, and after 40 years across 2100.
YEAR = 366 * DAY
HORIZON = 50 * 366 * DAY


class ClockChangeEffect(Enum):
    """Effect of a clock change on times in its gap (moved, skipped) or in its overlap (due once, twice)."""

    MOVED = "moved"
    SKIPPED = "skipped"
    ONCE = "once"
    TWICE = "twice"


class ClockChange(NamedTuple):
    """Instant of a clock change, and its effect on a recurrence."""

    at: int
    effect: ClockChangeEffect


def next_after(recurrence: Recurrence, after: int) -> int | None:
    """Return the first instant after `after`, or None if there is none within fifty years. Raises BadInput."""
    return next(between(recurrence, after, after + HORIZON), None)


def between(recurrence: Recurrence, after: int, until: int) -> Iterator[int]:
    """Yield the instants after `after`, up to and including `until`, in order. Lazy."""
    if (once_at := single_instant(recurrence)) is not None:
        return iter((once_at,) if after < once_at <= until else ())
    table = get_timetable(recurrence)
    return iter(()) if table is None else _find_instants(table, recurrence.tz, after, until)


def single_instant(recurrence: Recurrence) -> int | None:
    """Return the instant of a recurrence with only one; None for any other."""
    at = recurrence.once_at
    if at is None or not recurrence.before_holidays:
        return at
    return move_before_holidays.shift_instant(at, recurrence.tz, recurrence.before_holidays)


def latest_at_or_before(recurrence: Recurrence, at: int, not_before: int) -> int | None:
    """Return the last instant at or before `at`, and not before `not_before`; None if there is none."""
    days, end = 1, at
    while end >= not_before:
        start = max(end - days * DAY, not_before - 1)
        if newest := deque(between(recurrence, start, end), maxlen=1):
            return newest[0]
        days, end = days * 4, start
    return None


@lru_cache(maxsize=1_024)
def find_occurrence_before(recurrence: Recurrence, at: int) -> int | None:
    """Return the last instant before `at`; None if there is none within a year. Many schedules share a recurrence."""
    return latest_at_or_before(recurrence, at - 1, at - YEAR)


def clock_changes(recurrence: Recurrence, after: int, until: int) -> Iterator[ClockChange]:
    """Yield the clock changes after `after`, up to `until`, that affect a wall-clock time of the recurrence."""
    table = get_timetable(recurrence)
    if table is None:
        return
    for period in offset_periods(recurrence.tz, after, until):
        if period.start <= after or not any(True for _ in _affected_wall_times(table, period)):
            continue
        if period.offset > period.before:
            effect = ClockChangeEffect.MOVED if _fires_after_gap(table, period) else ClockChangeEffect.SKIPPED
        else:
            effect = ClockChangeEffect.ONCE if _skips_second_pass(table, period) else ClockChangeEffect.TWICE
        yield ClockChange(period.start, effect)


def _find_instants(table: Timetable, tz: str, after: int, until: int) -> Iterator[int]:
    if until <= after:
        return
    for period in offset_periods(tz, after, until):
        begin, resumes = after, period.start
        if _fires_after_gap(table, period) and any(True for _ in _affected_wall_times(table, period)):
            first = _next_minute(period.start + period.offset) * MINUTE - period.offset
            if after < first < period.end:
                yield first
            begin = max(begin, first)
        elif _skips_second_pass(table, period):
            resumes += period.before - period.offset  # the end of the second pass
        first_wall = max(_next_minute(resumes + period.offset), (begin + period.offset) // MINUTE + 1)
        last_wall = (period.end - 1 + period.offset) // MINUTE
        if first_wall <= last_wall:
            for wall in wall_times(table, first_wall, last_wall):
                yield wall * MINUTE - period.offset


def _fires_after_gap(table: Timetable, period: OffsetPeriod) -> bool:
    """Do the times in the gap before this period fire at the end of the gap?"""
    return not table.is_wildcard and 0 < period.offset - period.before < LARGEST_CHANGE


def _skips_second_pass(table: Timetable, period: OffsetPeriod) -> bool:
    """Does this period begin with a repeated time in which nothing fires?"""
    return not table.is_wildcard and 0 < period.before - period.offset <= LARGEST_CHANGE


def _affected_wall_times(table: Timetable, period: OffsetPeriod) -> Iterator[int]:
    """Return the wall-clock times that the change before this period skips or repeats."""
    low, high = sorted((period.before, period.offset))
    return wall_times(table, _next_minute(period.start + low), (period.start + high - 1) // MINUTE)


def _next_minute(wall_ms: int) -> int:
    """Return the first full minute at or after a wall-clock time in milliseconds."""
    return -(-wall_ms // MINUTE)
