"""The wall-clock times of a recurrence, whether cron says them or a rule of RFC 5545."""

from collections.abc import Iterator

from schedbot.model import Recurrence
from schedbot.recurrence import plan, rhythm
from schedbot.recurrence.plan import Plan, plan_of
from schedbot.recurrence.rhythm import Rhythm
from schedbot.recurrence.spelling import normal_form

Timetable = Plan | Rhythm


def timetable(recurrence: Recurrence) -> Timetable | None:
    """What tells its wall-clock times; None for a single instant. Raises BadInput for an expression not taken."""
    if recurrence.cron is not None:
        return plan_of(normal_form(recurrence.cron))
    return None if recurrence.rrule is None else Rhythm(recurrence.rrule)


def walls(table: Timetable, first: int, last: int) -> Iterator[int]:
    """The wall-clock times from `first` to `last`, both included, in order, in minutes since 1970-01-01 00:00."""
    return rhythm.walls(table, first, last) if isinstance(table, Rhythm) else plan.walls(table, first, last)
