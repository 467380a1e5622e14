"""What of an expression is often meant otherwise, said before it is added rather than found out later."""

from collections.abc import Iterable

from schedbot import times
from schedbot.model import Recurrence
from schedbot.rules.recurrence.cron_syntax import normal_form
from schedbot.rules.recurrence.cron_times import LAST, Plan, plan_of
from schedbot.rules.recurrence.describe import dates, weekdays
from schedbot.rules.recurrence.firing_times import ClockChange, ClockChangeEffect, clock_changes
from schedbot.rules.recurrence.utc_offsets import DAY, zone

YEAR = 365 * DAY
CHANGES = {
    ClockChangeEffect.MOVED: "the clocks jump over a time of this schedule; it is due once, right after.",
    ClockChangeEffect.SKIPPED: "the clocks jump over times of this schedule; those are left out.",
    ClockChangeEffect.ONCE: "the clocks show a time of this schedule twice; it is due the first time alone.",
    ClockChangeEffect.TWICE: "the clocks show times of this schedule twice; they are due both times.",
}


def warnings(cron: str, tz: str, now: int | None = None, before: str = "") -> list[str]:
    """Sentences on what of the expression is often meant otherwise; with `now`, on the next year's clock changes too.
    What is due before holidays of the region `before` meets them there.

    Raises BadInput if the expression or the zone is not taken.
    """
    read = plan_of(normal_form(cron))
    minute, hour, *_ = normal_form(cron).split()
    said = [*_on_days(read), *_on_steps(minute, "hour", 60), *_on_steps(hour, "day", 24)]
    if now is None or read.wildcard:  # a rhythm simply goes on when clocks change
        return said
    return said + clock_change_warnings(Recurrence(tz, cron, before_holidays=before), now)


def clock_change_warnings(recurrence: Recurrence, now: int) -> list[str]:
    """Sentences on the clock changes of the next year that touch it."""
    return [describe_clock_change(change, recurrence.tz) for change in clock_changes(recurrence, now, now + YEAR)]


def _on_days(read: Plan) -> Iterable[str]:
    on_dates, on_weekdays = dates(read).strip(), weekdays(read).strip(", ")
    if on_dates and on_weekdays:
        link = "both must fit" if read.both else "either is enough"
        rule = f"{link}: {on_dates}, {'but only' if read.both else 'and also'} {on_weekdays}"
        yield f"Of day of the month and day of the week, {rule}."
    numbers = [day for day in read.days if isinstance(day, int)]
    if not on_weekdays and LAST not in read.days and numbers and min(numbers) > 28 and read.months != {2}:
        yield f"Months without a day {min(numbers)} are left out; 'L' is the last day of each."


def _on_steps(field: str, whole: str, size: int) -> Iterable[str]:
    step = int(field.removeprefix("*/")) if field.startswith("*/") and "," not in field else 1
    if step >= size:
        yield f"A step starts anew with each {whole}: '{field}' is only its beginning."
    elif size % step:
        uneven = f"the last of '{field}' is shorter: {size % step} instead of {step}"
        yield f"A step starts anew with each {whole}, so {uneven}."


def describe_clock_change(change: ClockChange, tz: str) -> str:
    """What it does to a schedule: `Sun 14 Mar 2027 03:00 EDT (until then 02:00 EST): the clocks jump over ...`."""
    until = times.format_before_change(change.at, zone(tz))
    return f"{times.format_instant(change.at, zone(tz))} (until then {until}): {CHANGES[change.effect]}"
