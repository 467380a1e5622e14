"""Warnings about likely mistakes in a recurrence, shown before a schedule is added."""

from collections.abc import Iterable

from schedbot import times
from schedbot.model import Recurrence
from schedbot.rules.recurrence.cron_expression import LAST, CronExpression, parse_cron
from schedbot.rules.recurrence.cron_normalization import normalize
from schedbot.rules.recurrence.describe import describe_dates, describe_weekdays
from schedbot.rules.recurrence.firing_times import ClockChange, ClockChangeEffect, clock_changes
from schedbot.rules.recurrence.utc_offsets import DAY, zone

YEAR = 365 * DAY
CHANGES = {
    ClockChangeEffect.MOVED: "the clocks skip a time of this schedule; it is due once, right after the change.",
    ClockChangeEffect.SKIPPED: "the clocks skip times of this schedule; they are skipped.",
    ClockChangeEffect.ONCE: "a time of this schedule occurs twice; it is due the first time only.",
    ClockChangeEffect.TWICE: "times of this schedule occur twice; they are due both times.",
}


def warnings(cron: str, tz: str, now: int | None = None, before: str = "") -> list[str]:
    """Return sentences about likely mistakes; with `now`, also about the clock changes of the next year.

    `before`: the region before whose holidays occurrences are moved. Raises BadInput for invalid cron or zone.
    """
    expression = parse_cron(normalize(cron))
    minute, hour, *_ = normalize(cron).split()
    sentences = [*_day_warnings(expression), *_step_warnings(minute, "hour", 60), *_step_warnings(hour, "day", 24)]
    if now is None or expression.is_wildcard:  # clock changes do not affect wildcard times
        return sentences
    return sentences + clock_change_warnings(Recurrence(tz, cron, before_holidays=before), now)


def clock_change_warnings(recurrence: Recurrence, now: int) -> list[str]:
    """Return sentences about the clock changes of the next year that affect the recurrence."""
    return [describe_clock_change(change, recurrence.tz) for change in clock_changes(recurrence, now, now + YEAR)]


def _day_warnings(cron: CronExpression) -> Iterable[str]:
    on_dates, on_weekdays = describe_dates(cron).strip(), describe_weekdays(cron).strip(", ")
    if on_dates and on_weekdays:
        link = "both must match" if cron.needs_both else "either is enough"
        rule = f"{link}: {on_dates}, {'but only' if cron.needs_both else 'and also'} {on_weekdays}"
        yield f"Day of the month and day of the week: {rule}."
    numbers = [day for day in cron.days if isinstance(day, int)]
    if not on_weekdays and LAST not in cron.days and numbers and min(numbers) > 28 and cron.months != {2}:
        yield f"Months without a day {min(numbers)} are skipped; 'L' is the last day of each."


def _step_warnings(field: str, whole: str, size: int) -> Iterable[str]:
    step = int(field.removeprefix("*/")) if field.startswith("*/") and "," not in field else 1
    if step >= size:
        yield f"A step restarts with each {whole}: '{field}' fires only at its start."
    elif size % step:
        uneven = f"the last of '{field}' is shorter: {size % step} instead of {step}"
        yield f"A step restarts with each {whole}, so {uneven}."


def describe_clock_change(change: ClockChange, tz: str) -> str:
    """Return its effect on a schedule: `Sun 14 Mar 2027 03:00 EDT (until then 02:00 EST): the clocks skip ...`."""
    until = times.format_before_change(change.at, zone(tz))
    return f"{times.format_instant(change.at, zone(tz))} (until then {until}): {CHANGES[change.effect]}"
