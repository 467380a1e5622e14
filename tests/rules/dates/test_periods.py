"""The period of a report: whole days, weeks, months and quarters in the schedule's zone, or since the last post."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from schedbot.errors import BadInput
from schedbot.rules.dates import Unit, first_day
from schedbot.rules.periods import Period, PeriodRule, find_period, parse_period

ZONES = (
    "America/New_York",
    "America/Sao_Paulo",
    "America/St_Johns",
    "America/Havana",
    "Asia/Beirut",
    "Africa/Cairo",
    "Pacific/Apia",
    "Pacific/Kwajalein",
    "Australia/Lord_Howe",
    "UTC",
)
WHOLE = (PeriodRule.DAY, PeriodRule.WEEK, PeriodRule.MONTH, PeriodRule.QUARTER)


def at(text: str, zone: str = "America/New_York") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def ends(period: Period) -> tuple[str, str]:
    return period.start.isoformat(), period.end.isoformat()


def hours(period: Period) -> float:
    return (period.end.timestamp() - period.start.timestamp()) / 3_600


@pytest.mark.parametrize(
    ("rule", "start", "end"),
    [
        (PeriodRule.DAY, "2026-11-29T00:00:00-05:00", "2026-11-30T00:00:00-05:00"),
        (PeriodRule.WEEK, "2026-11-23T00:00:00-05:00", "2026-11-30T00:00:00-05:00"),
        (PeriodRule.MONTH, "2026-10-01T00:00:00-04:00", "2026-11-01T00:00:00-04:00"),
        (PeriodRule.QUARTER, "2026-07-01T00:00:00-04:00", "2026-10-01T00:00:00-04:00"),
    ],
)
def test_period_is_the_last_whole_one(rule: PeriodRule, start: str, end: str) -> None:
    assert ends(find_period(rule, at("2026-11-30 09:00"))) == (start, end)


def test_period_that_ends_at_the_due_instant_counts() -> None:
    assert ends(find_period(PeriodRule.MONTH, at("2027-01-01 00:00"))) == (
        "2026-12-01T00:00:00-05:00",
        "2027-01-01T00:00:00-05:00",
    )


@pytest.mark.parametrize(
    ("due", "zone", "length"),
    [
        ("2026-03-09 09:00", "America/New_York", 23),
        ("2026-11-02 09:00", "America/New_York", 25),
        ("2018-11-05 09:00", "America/Sao_Paulo", 23),
        ("2018-02-18 09:00", "America/Sao_Paulo", 25),
        ("2023-04-29 09:00", "Africa/Cairo", 23),
        ("2026-04-05 23:00", "Australia/Lord_Howe", 24),
        ("2026-04-06 09:00", "Australia/Lord_Howe", 24.5),
    ],
)
def test_day_of_a_clock_change_is_whole(due: str, zone: str, length: float) -> None:
    assert hours(find_period(PeriodRule.DAY, at(due, zone))) == length


def test_skipped_day_is_no_period() -> None:
    assert ends(find_period(PeriodRule.DAY, at("2011-12-31 09:00", "Pacific/Apia"))) == (
        "2011-12-29T00:00:00-10:00",
        "2011-12-31T00:00:00+14:00",
    )


def test_since_last_post_begins_at_the_last_post() -> None:
    due, posted = at("2026-11-30 09:00"), datetime(2026, 11, 23, 14, 0, 2, tzinfo=UTC)
    period = find_period(PeriodRule.SINCE_LAST_POST, due, posted, at("2026-11-29 09:00"))
    assert ends(period) == ("2026-11-23T09:00:02-05:00", "2026-11-30T09:00:00-05:00")


@pytest.mark.parametrize(
    ("previous", "occurrence_before", "start"),
    [
        (None, at("2026-11-23 09:00"), "2026-11-23T09:00:00-05:00"),
        (None, None, "2026-11-29T09:00:00-05:00"),
        (at("2026-12-01 09:00"), at("2026-11-23 09:00"), "2026-11-23T09:00:00-05:00"),
        (at("2026-12-01 09:00"), None, "2026-11-29T09:00:00-05:00"),
    ],
)
def test_first_post_has_a_period_too(previous: datetime | None, occurrence_before: datetime | None, start: str) -> None:
    period = find_period(PeriodRule.SINCE_LAST_POST, at("2026-11-30 09:00"), previous, occurrence_before)
    assert ends(period) == (start, "2026-11-30T09:00:00-05:00")


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("day", PeriodRule.DAY),
        ("yesterday", PeriodRule.DAY),
        ("Previous  Week", PeriodRule.WEEK),
        ("last month", PeriodRule.MONTH),
        (" quarter ", PeriodRule.QUARTER),
        ("since last post", PeriodRule.SINCE_LAST_POST),
        ("since the last post", PeriodRule.SINCE_LAST_POST),
    ],
)
def test_spellings_of_a_period(text: str, rule: PeriodRule) -> None:
    assert parse_period(text) is rule


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("previous weak", "Did you mean 'previous week'?"),
        ("since last pots", "Did you mean 'since last post'?"),
        ("zzz", "Use 'previous day', 'previous week', 'previous month', 'previous quarter' or 'since last post'."),
        ("previous\u2013week", "'\u2013' is a dash, not '-': write 'previous-week'."),
    ],
)
def test_unknown_period_names_the_nearest(text: str, hint: str) -> None:
    with pytest.raises(BadInput) as refused:
        parse_period(text)
    assert str(refused.value) == f"{text!r} is not a period."
    assert refused.value.hint == hint


@given(
    moment=st.datetimes(datetime(1970, 1, 5), datetime(2100, 1, 1)),
    zone=st.sampled_from(ZONES),
    rule=st.sampled_from(WHOLE),
)
@example(datetime(2011, 12, 31, 1, 0), "Pacific/Apia", PeriodRule.DAY)
@example(datetime(2006, 10, 29, 3, 0), "America/St_Johns", PeriodRule.DAY)
@example(datetime(2006, 10, 29, 2, 30, 30), "America/St_Johns", PeriodRule.DAY)
@example(datetime(1993, 8, 22, 12), "Pacific/Kwajalein", PeriodRule.DAY)
def test_periods_are_whole_and_touch(moment: datetime, zone: str, rule: PeriodRule) -> None:
    due = moment.replace(tzinfo=UTC).astimezone(ZoneInfo(zone))
    unit = Unit(rule.removeprefix("previous "))
    period = find_period(rule, due)
    assert period.start.timestamp() < period.end.timestamp() <= due.timestamp()
    assert find_period(rule, period.start).end == period.start
    assert find_period(rule, period.end) == period
    following = find_period(rule, period.end + timedelta(days=100))
    assert following.start.timestamp() >= period.end.timestamp()
    for edge in (period.start, period.end):
        a_second_before = (edge.astimezone(UTC) - timedelta(seconds=1)).astimezone(ZoneInfo(zone))
        assert first_day(edge.date(), unit) != first_day(a_second_before.date(), unit)
