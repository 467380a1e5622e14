"""Period that a report is about: the last whole day, week, month or quarter, or the time since the last post.

Rules: a period is in the schedule's zone and half-open: `start` belongs to it, `end` does not. It ended at or before
the due instant, and begins where the period before it ends, over clock changes and skipped days too: a day has 23 or
25 hours then. Weeks begin on Monday, quarters in January, April, July and October.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from enum import StrEnum

from schedbot.errors import BadInput
from schedbot.rules.dates import Unit, add_days, first_day, is_before, require_zone, start_of_date
from schedbot.text_input import explains_spelling, quote

SECOND = timedelta(seconds=1)
ONE_MORE = {Unit.DAY: 1, Unit.WEEK: 7, Unit.MONTH: 31, Unit.QUARTER: 92}  # days, at most


class PeriodRule(StrEnum):
    """Rule for a report's period, in its normal form."""

    DAY = "previous day"
    WEEK = "previous week"
    MONTH = "previous month"
    QUARTER = "previous quarter"
    SINCE_LAST_POST = "since last post"


DEFAULT_RULE = PeriodRule.DAY
SPELLINGS = {
    "yesterday": PeriodRule.DAY,
    PeriodRule.SINCE_LAST_POST: PeriodRule.SINCE_LAST_POST,
    "since the last post": PeriodRule.SINCE_LAST_POST,
    **{
        f"{before}{rule.removeprefix('previous ')}": rule
        for rule in list(PeriodRule)[:-1]
        for before in ("", "previous ", "last ")
    },
}


@dataclass(frozen=True, slots=True)
class Period:
    """Time from `start` until before `end`, both aware, in the schedule's zone."""

    start: datetime
    end: datetime


@explains_spelling
def parse_period(text: str) -> PeriodRule:
    """Return the rule of `week`, `previous week`, `last week`, `yesterday` or `since last post`. Raises BadInput."""
    words = " ".join(text.lower().split())
    if words in SPELLINGS:
        return SPELLINGS[words]
    near = get_close_matches(words, SPELLINGS, n=1)
    known = "'previous day', 'previous week', 'previous month', 'previous quarter' or 'since last post'"
    hint = f"Did you mean '{near[0]}'?" if near else f"Use {known}."
    raise BadInput(f"{quote(text)} is not a period.", hint)


def find_period(
    rule: PeriodRule, due: datetime, previous: datetime | None = None, occurrence_before: datetime | None = None
) -> Period:
    """Return the period of a report that is due at `due`, an aware datetime in the schedule's zone.

    `since last post` begins at `previous`, the last post. Before the first post it begins at the schedule's occurrence
    before this one, or where the schedule has none, a day before `due`. A start that is not before `due` does not
    count, as in a preview of the past.
    """
    if rule is PeriodRule.SINCE_LAST_POST:
        zone = require_zone(due)
        earlier = (at for at in (previous, occurrence_before) if at is not None and is_before(at, due))
        start = next(earlier, add_days(due, -1))
        return Period(start.astimezone(zone), due)
    return find_whole_period(Unit(rule.removeprefix("previous ")), due)


def find_whole_period(unit: Unit, due: datetime) -> Period:
    """Return the last whole day, week, month or quarter that ended at or before `due`."""
    end = _find_last_start(unit, due)
    zone = require_zone(due)
    # The second before the end is in the period, also where the calendar skips the day before.
    last_day = (end.astimezone(UTC) - SECOND).astimezone(zone).date()
    return Period(start_of_date(first_day(last_day, unit), zone), end)


def _find_last_start(unit: Unit, due: datetime) -> datetime:
    """Return the last start of a unit at or before `due`.

    Clocks that go back over midnight show the evening of a day again after the first instant of the next day.
    """
    zone = require_zone(due)
    first = first_day(due.date(), unit)
    following = start_of_date(first_day(first + timedelta(days=ONE_MORE[unit]), unit), zone)
    return start_of_date(first, zone) if is_before(due, following) else following
