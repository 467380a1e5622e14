"""Keywords of the Python API, and their values as the text that an option or a cell of an import holds.

Python values have one text each: a naive datetime is a wall clock in the schedule's zone, an aware one an instant, a
timedelta a span, a dictionary the parameters of a report.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, TypedDict
from zoneinfo import ZoneInfo

from schedbot.admin.fields.parsers import parse
from schedbot.admin.fields.schedule_fields import refuse_unknown
from schedbot.admin.jobs.filters import FilterOptions
from schedbot.api import arguments
from schedbot.reports.sync_sources import cell_text

When = str | datetime | date | timedelta  # an instant, as text as options have it
Span = str | timedelta
Texts = str | Iterable[str]  # a value, or several
INSTANTS = ("since", "until")  # keywords of filters


class ScheduleKeywords(TypedDict, total=False):
    """Fields of a schedule, by the columns of an import. None: not given. `""` and `"none"`: the default."""

    account: str | None
    workspace: str | None
    channel: str | None
    cron: str | None
    every: str | None
    at: When | None
    tz: str | ZoneInfo | None
    text: str | None
    report: str | None
    params: Mapping[str, Any] | str | None
    starts: When | None
    until: When | None
    count: int | str | None
    misfire: str | None
    grace: Span | None
    max_attempts: int | str | None
    priority: str | None
    on_unknown: str | None
    jitter: Span | None
    skip_holidays: str | None
    paused: bool | str | None
    holiday_policy: str | None
    window: str | None
    outside: str | None
    blackout: str | None
    on_empty: str | None
    thread: str | None
    update: bool | str | None
    username: str | None
    icon: str | None
    unfurl: bool | str | None


class EditKeywords(ScheduleKeywords, total=False):
    """Fields to change; `name` is the new name."""

    name: str | None


class ExpressionKeywords(TypedDict, total=False):
    """Expression to try with `next`, with the calendar that its schedule will have."""

    cron: str | None
    every: str | None
    tz: str | ZoneInfo | None
    skip_holidays: str | None
    holiday_policy: str | None
    window: str | None
    outside: str | None
    blackout: str | None


class FilterKeywords(TypedDict, total=False):
    """Filters of jobs. `since` and `until` go by due_at; a text may be a list: `"failed,held"`."""

    schedule: Texts
    account: Texts
    workspace: Texts
    channel: Texts
    state: Texts
    error: Texts
    since: When
    until: When
    local: bool


def to_fields(keywords: Mapping[str, Any]) -> dict[str, str | None]:
    """Return the text of each field. Raises BadField for a value that no field can have."""
    refuse_unknown(keywords)
    return {
        column: None if value is None else parse(column, partial(cell_text.to_text, column), value)
        for column, value in keywords.items()
    }


def to_expression(keywords: Mapping[str, Any]) -> dict[str, str | None]:
    """Return the text of each field of an expression. Raises BadInput."""
    arguments.refuse_unknown(keywords, ExpressionKeywords.__annotations__)
    return to_fields(keywords)


def to_filters(keywords: Mapping[str, Any]) -> FilterOptions:
    """Return the filters of the keywords. Raises BadInput."""
    arguments.refuse_unknown(keywords, FilterKeywords.__annotations__)
    options: dict[str, Any] = {}
    for name, value in keywords.items():
        if value is None:
            continue
        if name == "local":
            options[name] = arguments.to_flag(name, value)
        else:
            options[name] = (to_when if name in INSTANTS else arguments.to_texts)(name, value)
    return FilterOptions(**options)


def to_when(argument: str, value: When | None) -> str:
    """Return an instant, a wall clock, a day or a span as text, empty for None. Raises BadInput."""
    if value is None:
        return ""
    if isinstance(value, str):
        return arguments.to_text(argument, value)
    if not isinstance(value, date | timedelta):
        raise arguments.wrong_type(argument, value, "a text, a datetime, a date or a timedelta")
    return cell_text.scalar_to_text(value)
