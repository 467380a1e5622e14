"""What a recurrence means, in words.

The words are cron_descriptor's, field by field. It is given what the expression comes to rather than how it is
spelled, and how the days go together is said here, because taken whole it misreads some: `0 0 */2 * 1` becomes "or on
Monday", `1#1,1#3` loses its numbers, `*/90` "every 90 minutes", and `0 5,*/6 * * *` ends in an error.
"""

from collections.abc import Collection, Iterable

from schedbot import times
from schedbot.model import Recurrence
from schedbot.rules.recurrence import rrule_text
from schedbot.rules.recurrence.cron_syntax import MONTHS, normal_form
from schedbot.rules.recurrence.cron_times import LAST, Plan, plan_of
from schedbot.rules.recurrence.firing_times import the_one_instant

FEW_TIMES = 6
EVERY_DAY = frozenset(range(1, 32))
ODD_DAYS = frozenset(range(1, 32, 2))
EVERY_WEEKDAY = frozenset(range(7))


def describe(recurrence: Recurrence) -> str:
    """`at 09:00 on Monday and Friday, Los Angeles time`; `once, Tue 1 Dec 2026 09:00 EST`."""
    if (at := the_one_instant(recurrence)) is not None:
        why = "" if at == recurrence.once_at else f", the business day before a holiday of {recurrence.before_holidays}"
        return f"once, {times.format_instant(at, times.zone(recurrence.tz))}{why}"
    rule = in_words(recurrence.cron or "") if recurrence.rrule is None else rrule_text.in_words(recurrence.rrule)
    earlier = f"; if that is a holiday of {recurrence.before_holidays}, on the business day before it"
    return f"{rule}, {place(recurrence.tz)}{earlier if recurrence.before_holidays else ''}"


def place(tz: str) -> str:
    """`Los Angeles time`; `UTC`."""
    city = tz.rpartition("/")[2].replace("_", " ")
    return "UTC" if city in ("UTC", "UCT", "Universal", "Zulu") else f"{city} time"


def in_words(expression: str) -> str:
    """An expression in words, without its zone: `at 09:00 on Monday and Friday`. Raises BadInput."""
    read = plan_of(normal_form(expression))
    months = "*" if len(read.months) == len(MONTHS) else _listed(read.months)
    month = _piece("MONTH", f"* * * {months} *")
    days = _days(read) or (" every day" if len(read.clock) <= FEW_TIMES else "")
    return f"{_time_of_day(read)}{days}{month.replace(', only in', ' in')}"


def _time_of_day(read: Plan) -> str:
    hours, minutes = sorted({at // 60 for at in read.clock}), sorted({at % 60 for at in read.clock})
    if len(read.clock) <= FEW_TIMES:
        return "at " + _joined(f"{at // 60:02}:{at % 60:02}" for at in read.clock)
    if len(minutes) == 1 and "-" in (run := _listed(hours)) and len(hours) < 24:
        first, last = run.split("-")
        return f"every hour from {first:0>2}:{minutes[0]:02} to {last:0>2}:{minutes[0]:02}"
    said = _piece("TIMEOFDAY", f"{_steps(minutes, range(60))} {_steps(hours, range(24))} * * *")
    said = said[:1].lower() + said[1:]
    return said if minutes == [0] else said.removesuffix(", every hour")


def _days(read: Plan) -> str:
    on_dates, on_weekdays = dates(read), weekdays(read)
    if not read.both and not (on_dates and on_weekdays):
        return ""  # either is enough, and one of them takes every day
    if on_dates and on_weekdays:
        return f"{on_dates}, {'but only' if read.both else 'and also'}{on_weekdays.removeprefix(',')}"
    return on_dates or on_weekdays


def dates(read: Plan) -> str:
    """` on day 1 and 15 of the month`; nothing if any date will do."""
    if read.days >= EVERY_DAY:
        return ""
    if read.days == ODD_DAYS:
        return " on odd days of the month"
    numbers = {day for day in read.days if isinstance(day, int)}
    said = [_piece("DAYOFMONTH", f"* * {_listed(numbers)} * *")] if numbers else []
    if LAST in read.days:
        said.append("on the last day of the month")
    return " " + " and ".join(part.removeprefix(", ") for part in said)


def weekdays(read: Plan) -> str:
    """` on Monday and Friday`, `, Monday through Friday`; nothing if any weekday will do."""
    if read.nth:
        chosen = [f"L{day}" if n == LAST else f"{day}#{n}" for day, which in read.nth.items() for n in which]
        said = [_piece("DAYOFWEEK", f"* * * * {one}") for one in sorted(chosen)]
        named = _joined(part.removeprefix(", on ").removesuffix(" of the month") for part in said)
        return f" on {named} of the month"
    if read.weekdays >= EVERY_WEEKDAY:
        return ""
    # From Monday on, so that a weekend reads from Saturday to Sunday, unless it is a run from Sunday on.
    run = _listed(read.weekdays)
    week = run if "-" in run else _listed({day or 7 for day in read.weekdays})
    return _piece("DAYOFWEEK", f"* * * * {week}").replace(", only on", " on")


def _joined(words: Iterable[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last


def _steps(numbers: Collection[int], whole: range) -> str:
    """A field that comes to `numbers`: `*`, `*/15` where that is even, else as `_listed`."""
    for step in range(1, len(whole)):
        if len(whole) % step == 0 and set(numbers) == set(whole[::step]):
            return "*" if step == 1 else f"*/{step}"
    return _listed(numbers)


def _listed(numbers: Collection[int]) -> str:
    """`1-5` for an unbroken run of three or more, else each by itself."""
    ordered = sorted(numbers)
    if len(ordered) > 2 and ordered[-1] - ordered[0] == len(ordered) - 1:
        return f"{ordered[0]}-{ordered[-1]}"
    return ",".join(map(str, ordered))


def _piece(part: str, expression: str) -> str:
    """cron_descriptor's words for one part of an expression."""
    from cron_descriptor import (  # type: ignore[import-untyped]
        DescriptionTypeEnum,
        ExpressionDescriptor,
        Options,
    )

    # Else it follows the machine's locale, and complains where there is none.
    options = Options(locale_code="en_US", use_24hour_time_format=True)
    return str(ExpressionDescriptor(expression, options).get_description(DescriptionTypeEnum[part]))
