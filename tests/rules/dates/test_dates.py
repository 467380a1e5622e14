"""Date arithmetic on the wall clock: the time of day stays, over clock changes and at the end of a month."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedbot.errors import BadInput
from schedbot.rules import dates

ZONES = ("America/New_York", "America/Sao_Paulo", "Asia/Beirut", "Africa/Cairo", "Pacific/Apia", "Asia/Kolkata", "UTC")


def at(text: str, zone: str = "America/New_York") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


@pytest.mark.parametrize(
    ("before", "days", "after"),
    [
        ("2026-03-09 09:00", -1, "2026-03-08T09:00:00-04:00"),
        ("2026-03-09 09:00", -7, "2026-03-02T09:00:00-05:00"),
        ("2026-03-07 02:30", 1, "2026-03-08T03:00:00-04:00"),
        ("2026-10-31 01:30", 1, "2026-11-01T01:30:00-04:00"),
        ("2026-12-31 23:00", 1, "2027-01-01T23:00:00-05:00"),
        ("2026-12-31 23:00", 0, "2026-12-31T23:00:00-05:00"),
    ],
)
def test_days_keep_the_time_over_a_clock_change(before: str, days: int, after: str) -> None:
    assert dates.add_days(at(before), days).isoformat() == after


@pytest.mark.parametrize(
    ("before", "months", "day"),
    [
        ("2026-03-31 09:00", -1, "2026-02-28"),
        ("2028-03-31 09:00", -1, "2028-02-29"),
        ("2026-01-31 09:00", 1, "2026-02-28"),
        ("2026-12-31 09:00", 2, "2027-02-28"),
        ("2026-01-15 09:00", -1, "2025-12-15"),
        ("2026-05-31 09:00", -24, "2024-05-31"),
    ],
)
def test_months_keep_the_day_or_take_the_last(before: str, months: int, day: str) -> None:
    assert dates.add_months(at(before), months).isoformat()[:16] == f"{day}T09:00"


def test_weeks_quarters_and_years() -> None:
    due = at("2028-02-29 09:00")
    assert dates.add_weeks(due, -2).isoformat() == "2028-02-15T09:00:00-05:00"
    assert dates.add_quarters(due, 1).isoformat() == "2028-05-29T09:00:00-04:00"
    assert dates.add_years(due, -1).isoformat() == "2027-02-28T09:00:00-05:00"


@pytest.mark.parametrize(
    ("unit", "start"),
    [
        ("day", "2026-11-19T00:00:00-05:00"),
        ("week", "2026-11-16T00:00:00-05:00"),
        ("month", "2026-11-01T00:00:00-04:00"),
        ("quarter", "2026-10-01T00:00:00-04:00"),
        ("year", "2026-01-01T00:00:00-05:00"),
    ],
)
def test_start_of_each_unit(unit: str, start: str) -> None:
    assert dates.start_of(at("2026-11-19 17:45"), unit).isoformat() == start


def test_day_without_midnight_starts_after_the_gap() -> None:
    start = dates.start_of(at("2018-11-04 09:00", "America/Sao_Paulo"), "day")
    assert start.isoformat() == "2018-11-04T01:00:00-02:00"


def test_second_pass_of_an_hour_is_kept_if_nothing_moves() -> None:
    due = at("2026-11-01 01:30").replace(fold=1)
    assert dates.add_days(due, 0).isoformat() == "2026-11-01T01:30:00-05:00"


def test_skipped_day_becomes_the_next_midnight() -> None:
    assert dates.add_days(at("2011-12-29 09:00", "Pacific/Apia"), 1).isoformat() == "2011-12-31T00:00:00+14:00"


@pytest.mark.parametrize(
    ("change", "problem", "hint"),
    [
        (lambda due: dates.start_of(due, "weak"), "'weak' is not a unit of time.", "Did you mean 'week'?"),
        (lambda due: dates.start_of(due, "aeon"), "'aeon' is not a unit of time.", "Use day, week, month, quarter"),
        (lambda due: dates.add_days(due, cast(Any, "7")), "'7' is not a whole number.", "Write it like -7."),
        (lambda due: dates.add_weeks(due, cast(Any, 1.5)), "'1.5' is not a whole number.", "Write it like -7."),
        (lambda due: dates.add_months(due, True), "'True' is not a whole number.", "Write it like -7."),
        (lambda due: dates.add_days(due, 10**12), "1000000000000 leads out of the calendar.", "Years go from 1900"),
        (lambda due: dates.add_years(due, -900), "-10800 leads out of the calendar.", "Years go from 1900"),
        (lambda due: dates.add_days(due.replace(tzinfo=None), 1), "has no time zone.", "Use due, period.start"),
        (lambda due: dates.add_days(due.replace(tzinfo=None), 0), "has no time zone.", "Use due, period.start"),
    ],
)
def test_bad_input_is_named(change: Callable[[datetime], Any], problem: str, hint: str) -> None:
    with pytest.raises(BadInput) as refused:
        change(at("2026-11-19 09:00"))
    assert str(refused.value).endswith(problem)
    assert refused.value.hint.startswith(hint)


@given(
    moment=st.datetimes(datetime(1970, 1, 2), datetime(2100, 1, 1)),
    zone=st.sampled_from(ZONES),
    count=st.integers(-400, 400),
)
def test_days_move_the_date_and_keep_the_time(moment: datetime, zone: str, count: int) -> None:
    due = moment.replace(tzinfo=UTC, microsecond=0).astimezone(ZoneInfo(zone))
    moved = dates.add_days(due, count)
    wall = due.replace(tzinfo=None) + timedelta(days=count)
    shown = moved.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    if shown != wall:  # the clocks skip it
        a_second_before = (moved.astimezone(UTC) - timedelta(seconds=1)).astimezone(ZoneInfo(zone))
        assert a_second_before.replace(tzinfo=None) < wall < shown
