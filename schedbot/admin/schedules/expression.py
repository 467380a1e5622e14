"""An expression is tried out before it is added: read and ruled on as it would be as a schedule's. No database."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from schedbot.admin.fields import parsers
from schedbot.admin.fields.parsers import Fields, parse_optional
from schedbot.admin.fields.schedule_fields import DEFAULTS, OUTSIDE, parse_holidays
from schedbot.admin.fields.timing import FAR_MS, parse_recurrence
from schedbot.admin.schedules.occurrences import Occurrence, apply_decision
from schedbot.model import HolidayPolicy, Recurrence, SendHours
from schedbot.rules import calendar as calendar_rules
from schedbot.rules import recurrence as rules
from schedbot.rules.calendar import Calendar

# What is tried out with it; the columns of an import.
CALENDAR = ("skip_holidays", "holiday_policy", "window", "outside", "blackout")


@dataclass(frozen=True, slots=True)
class Expression:
    """When it fires, and what holidays and hours make of that."""

    recurrence: Recurrence
    calendar: Calendar


def parse_expression(fields: Fields, now: int) -> Expression:
    """Return the recurrence and calendar of the fields. Raises BadField."""
    region, policy = parse_holidays(fields, DEFAULTS)
    hours = SendHours(
        "",
        parse_optional(fields, "window", parsers.parse_window, "", ""),
        parse_optional(fields, "outside", OUTSIDE, DEFAULTS.outside, DEFAULTS.outside),
        parse_optional(fields, "blackout", parsers.parse_blackout, "", ""),
    )
    before_holidays = region if policy is HolidayPolicy.BEFORE else ""
    rule = replace(parse_recurrence(fields, now), before_holidays=before_holidays)
    return Expression(rule, Calendar(region, policy, calendar_rules.drop_empty_hours(hours)))


def coming(asked: Expression, after: int) -> Iterator[Occurrence]:
    """Its occurrences after an instant, in order."""
    return (occurrence(asked, due_at) for due_at in rules.between(asked.recurrence, after, after + FAR_MS))


def occurrence(asked: Expression, due_at: int) -> Occurrence:
    """One of them, as its calendar rules on it."""
    one = Occurrence(due_at, "", asked.recurrence)
    if asked.calendar.is_empty:
        return one
    return apply_decision(one, calendar_rules.decide(asked.calendar, asked.recurrence, due_at, due_at), None)
