"""Describe a recurrence in English.

cron_descriptor words the single fields, from their values, not their text. This module combines the days, because
cron_descriptor misreads whole expressions: `0 0 */2 * 1` becomes "or on Monday", `1#1,1#3` loses its numbers, `*/90`
becomes "every 90 minutes", and `0 5,*/6 * * *` raises an error.
"""

from collections.abc import Collection, Iterable
from functools import lru_cache

from schedbot import times
from schedbot.model import Recurrence
from schedbot.rules.recurrence.cron_expression import LAST, CronExpression, parse_cron
from schedbot.rules.recurrence.cron_normalization import MONTHS, normalize
from schedbot.rules.recurrence.describe_rrule import describe_rrule
from schedbot.rules.recurrence.firing_times import single_instant

FEW_TIMES = 6
EVERY_DAY = frozenset(range(1, 32))
ODD_DAYS = frozenset(range(1, 32, 2))
EVERY_WEEKDAY = frozenset(range(7))


def describe(recurrence: Recurrence) -> str:
    """Return `at 09:00 on Monday and Friday, Los Angeles time` or `once, Tue 1 Dec 2026 09:00 EST`."""
    if (at := single_instant(recurrence)) is not None:
        reason = (
            "" if at == recurrence.once_at else f", the business day before a holiday of {recurrence.before_holidays}"
        )
        return f"once, {times.format_instant(at, times.zone(recurrence.tz))}{reason}"
    rule = describe_cron(recurrence.cron or "") if recurrence.rrule is None else describe_rrule(recurrence.rrule)
    earlier = f"; if that is a holiday of {recurrence.before_holidays}, on the business day before it"
    return f"{rule}, {describe_zone(recurrence.tz)}{earlier if recurrence.before_holidays else ''}"


def describe_zone(tz: str) -> str:
    """Return `Los Angeles time` or `UTC`."""
    city = tz.rpartition("/")[2].replace("_", " ")
    return "UTC" if city in ("UTC", "UCT", "Universal", "Zulu") else f"{city} time"


def describe_cron(expression: str) -> str:
    """Return the description of an expression, without a zone: `at 09:00 on Monday and Friday`. Raises BadInput."""
    cron = parse_cron(normalize(expression))
    months = "*" if len(cron.months) == len(MONTHS) else _format_numbers(cron.months)
    month = _word_field("MONTH", f"* * * {months} *")
    days = _describe_days(cron) or (" every day" if len(cron.times_of_day) <= FEW_TIMES else "")
    return f"{_describe_times(cron)}{days}{month.replace(', only in', ' in')}"


def _describe_times(cron: CronExpression) -> str:
    hours, minutes = sorted({at // 60 for at in cron.times_of_day}), sorted({at % 60 for at in cron.times_of_day})
    if len(cron.times_of_day) <= FEW_TIMES:
        return "at " + _join(f"{at // 60:02}:{at % 60:02}" for at in cron.times_of_day)
    if len(minutes) == 1 and "-" in (run := _format_numbers(hours)) and len(hours) < 24:
        first, last = run.split("-")
        return f"every hour from {first:0>2}:{minutes[0]:02} to {last:0>2}:{minutes[0]:02}"
    text = _word_field("TIMEOFDAY", f"{_format_steps(minutes, range(60))} {_format_steps(hours, range(24))} * * *")
    text = text[:1].lower() + text[1:]
    return text if minutes == [0] else text.removesuffix(", every hour")


def _describe_days(cron: CronExpression) -> str:
    on_dates, on_weekdays = describe_dates(cron), describe_weekdays(cron)
    if not cron.needs_both and not (on_dates and on_weekdays):
        return ""  # either is enough, and one of them matches every day
    if on_dates and on_weekdays:
        return f"{on_dates}, {'but only' if cron.needs_both else 'and also'}{on_weekdays.removeprefix(',')}"
    return on_dates or on_weekdays


def describe_dates(cron: CronExpression) -> str:
    """Return ` on day 1 and 15 of the month`, or '' if every date matches."""
    if cron.days >= EVERY_DAY:
        return ""
    if cron.days == ODD_DAYS:
        return " on odd days of the month"
    numbers = {day for day in cron.days if isinstance(day, int)}
    parts = [_word_field("DAYOFMONTH", f"* * {_format_numbers(numbers)} * *")] if numbers else []
    if LAST in cron.days:
        parts.append("on the last day of the month")
    return " " + " and ".join(part.removeprefix(", ") for part in parts)


def describe_weekdays(cron: CronExpression) -> str:
    """Return ` on Monday and Friday` or `, Monday through Friday`, or '' if every weekday matches."""
    if cron.nth:
        terms = [f"L{day}" if n == LAST else f"{day}#{n}" for day, positions in cron.nth.items() for n in positions]
        parts = [_word_field("DAYOFWEEK", f"* * * * {term}") for term in sorted(terms)]
        names = _join(part.removeprefix(", on ").removesuffix(" of the month") for part in parts)
        return f" on {names} of the month"
    if cron.weekdays >= EVERY_WEEKDAY:
        return ""
    # Weeks start on Monday, so that a weekend is Saturday and Sunday, except for a run that starts on Sunday.
    run = _format_numbers(cron.weekdays)
    week = run if "-" in run else _format_numbers({day or 7 for day in cron.weekdays})
    return _word_field("DAYOFWEEK", f"* * * * {week}").replace(", only on", " on")


def _join(words: Iterable[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last


def _format_steps(numbers: Collection[int], whole: range) -> str:
    """Return a cron field with these numbers: `*`, `*/15` if the step is even, else a list."""
    for step in range(1, len(whole)):
        if len(whole) % step == 0 and set(numbers) == set(whole[::step]):
            return "*" if step == 1 else f"*/{step}"
    return _format_numbers(numbers)


def _format_numbers(numbers: Collection[int]) -> str:
    """Return `1-5` for three or more consecutive numbers, else a list."""
    ordered = sorted(numbers)
    if len(ordered) > 2 and ordered[-1] - ordered[0] == len(ordered) - 1:
        return f"{ordered[0]}-{ordered[-1]}"
    return ",".join(map(str, ordered))


@lru_cache(maxsize=4_096)  # cron_descriptor reads a file of translations each time: about a millisecond
def _word_field(part: str, expression: str) -> str:
    """Return cron_descriptor's words for one field of an expression."""
    from cron_descriptor import (  # type: ignore[import-untyped]
        DescriptionTypeEnum,
        ExpressionDescriptor,
        Options,
    )

    # Without a locale it uses the machine's, and fails if there is none.
    options = Options(locale_code="en_US", use_24hour_time_format=True)
    return str(ExpressionDescriptor(expression, options).get_description(DescriptionTypeEnum[part]))
