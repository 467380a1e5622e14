"""The wall-clock times of a recurrence, whether cron says them or a rule of RFC 5545, before holidays if so asked."""

from collections.abc import Iterator

from schedbot.model import Recurrence
from schedbot.rules.recurrence import cron_times, holiday_shift, rrule
from schedbot.rules.recurrence.cron_syntax import normal_form
from schedbot.rules.recurrence.cron_times import Plan, plan_of
from schedbot.rules.recurrence.holiday_shift import BroughtForward
from schedbot.rules.recurrence.rrule import Rhythm

Timetable = Plan | Rhythm | BroughtForward


def timetable(recurrence: Recurrence) -> Timetable | None:
    """What tells its wall-clock times; None for a single instant. Raises BadInput for an expression not taken."""
    base: Plan | Rhythm
    if recurrence.cron is not None:
        base = plan_of(normal_form(recurrence.cron))
    elif recurrence.rrule is not None:
        base = Rhythm(recurrence.rrule)
    else:
        return None
    return BroughtForward(base, recurrence.before_holidays) if recurrence.before_holidays else base


def walls(table: Timetable, first: int, last: int) -> Iterator[int]:
    """The wall-clock times from `first` to `last`, both included, in order, in minutes since 1970-01-01 00:00."""
    match table:
        case BroughtForward(base, region):
            return _earlier(base, region, first, last)
        case Rhythm():
            return rrule.walls(table, first, last)
        case Plan():
            return cron_times.walls(table, first, last)


def _earlier(base: Plan | Rhythm, region: str, first: int, last: int) -> Iterator[int]:
    # A time only ever comes earlier: none from before `first` is due after it.
    of_rule = walls(base, first, holiday_shift.last_that_moves(region, last))
    for wall in holiday_shift.moved(of_rule, region):
        if wall > last:
            return
        if wall >= first:
            yield wall
