"""An expression is tried out before it is added: read and ruled on as it would be as a schedule's. No database."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from schedbot.admin.fields import parsers, terms
from schedbot.admin.fields.recurrence import rule
from schedbot.admin.fields.terms import DEFAULT, FAR_MS, given
from schedbot.admin.schedules.occurrences import Occurrence, as_ruled
from schedbot.model import Recurrence, SendHours
from schedbot.rules import calendar as calendar_rules
from schedbot.rules import recurrence as rules
from schedbot.rules.calendar import Calendar

# What is tried out with it; the columns of an import.
CALENDAR = ("skip_holidays", "holiday_policy", "window", "outside", "blackout")
Fields = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Expression:
    """When it fires, and what holidays and hours make of that."""

    recurrence: Recurrence
    calendar: Calendar


def read(said: Fields, now: int) -> Expression:
    """What the fields come to. Raises BadField."""
    region, policy = terms.holidays(said, DEFAULT)
    own = SendHours(
        "",
        given(said, "window", parsers.window, "", ""),
        given(said, "outside", terms.OUTSIDE, DEFAULT.outside, DEFAULT.outside),
        given(said, "blackout", parsers.blackout, "", ""),
    )
    fires = replace(rule(said, now), before_holidays=terms.region_before(said, None))
    return Expression(fires, Calendar(region, policy, calendar_rules.drop_empty_hours(own)))


def coming(asked: Expression, after: int) -> Iterator[Occurrence]:
    """Its occurrences after an instant, in order."""
    return (occurrence(asked, due_at) for due_at in rules.between(asked.recurrence, after, after + FAR_MS))


def occurrence(asked: Expression, due_at: int) -> Occurrence:
    """One of them, as its calendar rules on it."""
    one = Occurrence(due_at, "", asked.recurrence)
    if asked.calendar.is_empty:
        return one
    return as_ruled(one, calendar_rules.decide(asked.calendar, asked.recurrence, due_at, due_at), None)
