"""Filters that move a time on the wall clock of its zone: `due|days(-7)`, `due|start_of("month")`."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from schedbot.errors import BadInput
from schedbot.reports.filters.values import refuse, to_text
from schedbot.rules import dates


def start_of(at: Any, unit: Any) -> datetime:
    """Return the first instant of the day, week, month, quarter or year, as `rules.dates.start_of` does."""
    return _call("start_of", dates.start_of, at, to_text(unit))


def _call(name: str, function: Callable[[datetime, Any], datetime], at: Any, argument: Any) -> datetime:
    if not isinstance(at, datetime):
        raise refuse(name, at, "is no time", "Use due, period.start, period.end or previous.")
    if isinstance(argument, str):
        argument = to_text(argument)
    try:
        return function(at, argument)
    except BadInput as error:
        raise refuse(name, argument, "cannot be used", f"{error} {error.hint}") from None


def _move(name: str, function: Callable[[datetime, int], datetime], at: Any, count: Any) -> datetime:
    return _call(name, function, at, count)


days = partial(_move, "days", dates.add_days)
weeks = partial(_move, "weeks", dates.add_weeks)
months = partial(_move, "months", dates.add_months)
quarters = partial(_move, "quarters", dates.add_quarters)
years = partial(_move, "years", dates.add_years)
