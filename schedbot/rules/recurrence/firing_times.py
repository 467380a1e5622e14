"""When a schedule fires: a rule and its zone in, UTC milliseconds out.

Clock changes follow Debian's cron, as observed on its daemon (3.0pl1-162). A wildcard time (minute or hour begins
with `*`) fires whenever the wall clock shows it. A fixed time in a gap of less than 3 h fires at the gap's end, once
for all of them; in an overlap of up to 3 h in the first pass alone; what is in a longer gap is skipped. Pure: the
present is an argument.
"""

from collections import deque
from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple

from schedbot.model import Recurrence
from schedbot.rules.recurrence import holiday_shift
from schedbot.rules.recurrence.utc_offsets import DAY, Stretch, stretches
from schedbot.rules.recurrence.wall_times import Timetable, timetable, walls

MINUTE = 60_000
LARGEST_CHANGE = 3 * 60 * MINUTE
# 29 February on a Sunday comes once in 28 years, and once in 40 across 2100.
HORIZON = 50 * 366 * DAY


class ClockChangeEffect(Enum):
    """What a clock change does to a recurrence: what it jumps over is moved or skipped; what it repeats is due ..."""

    MOVED = "moved"
    SKIPPED = "skipped"
    ONCE = "once"
    TWICE = "twice"


class ClockChange(NamedTuple):
    """A clock change: its instant, and what it does to a recurrence."""

    at: int
    effect: ClockChangeEffect


def next_after(recurrence: Recurrence, after: int) -> int | None:
    """The first instant strictly after `after`; None if there is none in the next fifty years. Raises BadInput."""
    return next(between(recurrence, after, after + HORIZON), None)


def between(recurrence: Recurrence, after: int, until: int) -> Iterator[int]:
    """The instants after `after` up to and with `until`, in order, each computed when it is asked for."""
    if (once_at := the_one_instant(recurrence)) is not None:
        return iter((once_at,) if after < once_at <= until else ())
    table = timetable(recurrence)
    return iter(()) if table is None else _fires(table, recurrence.tz, after, until)


def the_one_instant(recurrence: Recurrence) -> int | None:
    """When a recurrence of one instant is due; None for any other."""
    at = recurrence.once_at
    return (
        at
        if at is None or not recurrence.before_holidays
        else holiday_shift.instant(at, recurrence.tz, recurrence.before_holidays)
    )


def latest_at_or_before(recurrence: Recurrence, at: int, not_before: int) -> int | None:
    """The last instant up to and with `at` that is not before `not_before`; None if there is none."""
    days, end = 1, at
    while end >= not_before:
        start = max(end - days * DAY, not_before - 1)
        if newest := deque(between(recurrence, start, end), maxlen=1):
            return newest[0]
        days, end = days * 4, start
    return None


def clock_changes(recurrence: Recurrence, after: int, until: int) -> Iterator[ClockChange]:
    """The clock changes in that time that touch one of the recurrence's wall-clock times."""
    read = timetable(recurrence)
    if read is None:
        return
    for stretch in stretches(recurrence.tz, after, until):
        touched = stretch.start > after and any(True for _ in _changed_walls(read, stretch))
        if not touched:
            continue
        if stretch.offset > stretch.before:
            effect = ClockChangeEffect.MOVED if _moves(read, stretch) else ClockChangeEffect.SKIPPED
        else:
            effect = ClockChangeEffect.ONCE if _repeats(read, stretch) else ClockChangeEffect.TWICE
        yield ClockChange(stretch.start, effect)


def _fires(plan: Timetable, tz: str, after: int, until: int) -> Iterator[int]:
    if until <= after:
        return
    for stretch in stretches(tz, after, until):
        begin, resumes = after, stretch.start
        if _moves(plan, stretch) and any(True for _ in _changed_walls(plan, stretch)):
            first = _ceiling(stretch.start + stretch.offset) * MINUTE - stretch.offset
            if after < first < stretch.end:
                yield first
            begin = max(begin, first)
        elif _repeats(plan, stretch):
            resumes += stretch.before - stretch.offset  # the second pass is over
        first_wall = max(_ceiling(resumes + stretch.offset), (begin + stretch.offset) // MINUTE + 1)
        last_wall = (stretch.end - 1 + stretch.offset) // MINUTE
        if first_wall <= last_wall:
            for wall in walls(plan, first_wall, last_wall):
                yield wall * MINUTE - stretch.offset


def _moves(plan: Timetable, stretch: Stretch) -> bool:
    """Whether what is in the gap before this stretch fires at its end."""
    return not plan.wildcard and 0 < stretch.offset - stretch.before < LARGEST_CHANGE


def _repeats(plan: Timetable, stretch: Stretch) -> bool:
    """Whether this stretch begins with a second pass in which nothing fires."""
    return not plan.wildcard and 0 < stretch.before - stretch.offset <= LARGEST_CHANGE


def _changed_walls(plan: Timetable, stretch: Stretch) -> Iterator[int]:
    """The wall-clock times that the change before this stretch jumped over, or made come twice."""
    low, high = sorted((stretch.before, stretch.offset))
    return walls(plan, _ceiling(stretch.start + low), (stretch.start + high - 1) // MINUTE)


def _ceiling(wall_ms: int) -> int:
    """The first full minute at or after."""
    return -(-wall_ms // MINUTE)
