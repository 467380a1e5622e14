"""Wall-clock times of a recurrence: from its cron expression or RFC 5545 rule, moved before holidays if required."""

from collections.abc import Iterator

from schedbot.model import Recurrence
from schedbot.rules.recurrence import cron_expression, move_before_holidays, rrule
from schedbot.rules.recurrence.cron_expression import CronExpression, parse_cron
from schedbot.rules.recurrence.cron_normalization import normalize
from schedbot.rules.recurrence.move_before_holidays import ShiftedRule
from schedbot.rules.recurrence.rrule import RecurrenceRule

Timetable = CronExpression | RecurrenceRule | ShiftedRule


def get_timetable(recurrence: Recurrence) -> Timetable | None:
    """Return the source of the wall-clock times, or None for a single instant. Raises BadInput for invalid cron."""
    base: CronExpression | RecurrenceRule
    if recurrence.cron is not None:
        base = parse_cron(normalize(recurrence.cron))
    elif recurrence.rrule is not None:
        base = RecurrenceRule(recurrence.rrule)
    else:
        return None
    return ShiftedRule(base, recurrence.before_holidays) if recurrence.before_holidays else base


def wall_times(table: Timetable, first: int, last: int) -> Iterator[int]:
    """Return the wall-clock times from `first` to `last`, both included, in order, in minutes since 1970-01-01."""
    match table:
        case ShiftedRule(base, region):
            return _shifted_wall_times(base, region, first, last)
        case RecurrenceRule():
            return rrule.wall_times(table, first, last)
        case CronExpression():
            return cron_expression.wall_times(table, first, last)


def _shifted_wall_times(base: CronExpression | RecurrenceRule, region: str, first: int, last: int) -> Iterator[int]:
    # A time only moves to an earlier day, so no time before `first` can move past it.
    unshifted = wall_times(base, first, move_before_holidays.latest_source(region, last))
    for wall in move_before_holidays.shift(unshifted, region):
        if wall > last:
            return
        if wall >= first:
            yield wall
