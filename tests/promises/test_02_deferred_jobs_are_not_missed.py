"""Promise 2 with send windows: a post of Saturday, deferred over a weekend of downtime, is sent on Monday."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schedbot.admin.schedules import shared_calendars
from schedbot.model import HolidayPolicy, MisfirePolicy, OutsidePolicy, Recurrence, SendHours
from schedbot.rules import calendar as calendar_rules
from schedbot.rules.calendar import Calendar
from schedbot.rules.overdue_occurrences import split_overdue
from schedbot.rules.recurrence import between
from tests.support.schedules import Schedules, clock, ms, open_schedules
from tests.support.sql import read_rows

OFFICE = "mon-fri 08:00-18:00"
FRIDAY = "2026-12-04 12:00:00"
CLOSED = f"outside window: {OFFICE}"


@pytest.fixture
def schedules(tmp_path: Path) -> Iterator[Schedules]:
    with open_schedules(tmp_path) as schedules:
        schedules.utc = FRIDAY
        yield schedules


def deferred(schedules: Schedules) -> list[str]:
    """Return due_at, deferred_to and deadline_at of each queued job."""
    rows = read_rows(
        schedules.db, "SELECT due_at, deferred_to, deadline_at FROM jobs WHERE state = 'queued' ORDER BY due_at"
    )
    return [" / ".join(map(clock, row)) for row in rows]


@pytest.mark.parametrize("tick_at", ["2026-12-06 20:00:00", "2026-12-07 07:59:00", "2026-12-07 10:00:00"])
def test_post_of_saturday_is_sent_on_monday_after_downtime(schedules: Schedules, tick_at: str) -> None:
    schedules.add(cron="0 9 * * sat", window=OFFICE)
    schedules.tick(tick_at)
    assert deferred(schedules) == ["2026-12-05 09:00 / 2026-12-07 08:00 / 2026-12-07 14:00"]


def test_deferred_job_is_missed_after_opening_and_grace(schedules: Schedules) -> None:
    schedules.add(cron="0 9 * * sat", window=OFFICE)
    schedules.tick("2026-12-07 14:30:00")
    assert schedules.jobs() == ["2026-12-05 09:00 missed no_tick"]


def test_blackout_date_is_skipped_and_not_missed(schedules: Schedules) -> None:
    schedules.add(cron="0 9 * * *", blackout="2026-12-05", outside="skip")
    schedules.tick("2026-12-07 08:59:00")
    assert schedules.jobs() == [
        "2026-12-05 09:00 skipped blackout: 2026-12-05",
        "2026-12-06 09:00 missed no_tick",
        "2026-12-07 09:00 queued",
    ]


def test_weekend_of_downtime_sends_only_its_last_post(schedules: Schedules) -> None:
    schedules.add(cron="0 9 * * *", window=OFFICE)
    schedules.tick("2026-12-07 07:58:00")
    assert schedules.jobs() == [f"2026-12-05 09:00 skipped {CLOSED}", "2026-12-06 09:00 queued"]
    assert deferred(schedules) == ["2026-12-06 09:00 / 2026-12-07 08:00 / 2026-12-07 14:00"]


def test_tick_after_the_window_closes_defers_again(schedules: Schedules) -> None:
    schedules.add(cron="0 9 * * sat", window="mon-fri 08:00-10:00")
    schedules.tick("2026-12-07 12:00:00")
    assert deferred(schedules) == ["2026-12-05 09:00 / 2026-12-08 08:00 / 2026-12-08 14:00"]


def test_schedules_of_one_recurrence_keep_their_own_windows(schedules: Schedules) -> None:
    schedules.add("office", cron="0 9 * * sat", window=OFFICE)
    schedules.add("always", cron="0 9 * * sat")
    schedules.add("none", cron="0 9 * * sat", window=OFFICE, outside="skip")
    schedules.tick("2026-12-06 20:00:00")
    assert (schedules.jobs("office"), schedules.jobs("always")) == (
        ["2026-12-05 09:00 queued"],
        ["2026-12-05 09:00 missed no_tick"],
    )
    assert schedules.jobs("none") == [f"2026-12-05 09:00 skipped {CLOSED}"]


def test_last_occurrence_before_until_is_sent_at_the_opening(schedules: Schedules) -> None:
    schedules.add(cron="0 9 * * *", window=OFFICE, until="2026-12-05 10:00")
    schedules.tick("2026-12-06 20:00:00")
    assert deferred(schedules) == ["2026-12-05 09:00 / 2026-12-07 08:00 / 2026-12-07 14:00"]


def test_equal_calendars_are_evaluated_once(schedules: Schedules) -> None:
    for account in range(12):
        schedules.add(f"of-{account}", cron="*/30 * * * *", account=str(account))
        shared_calendars.set_calendar(schedules.session, str(account), None, {"window": "00:00-23:59"})
    evaluated = calendar_rules.decide_in_time.cache_info().misses
    schedules.tick("2026-12-14 12:00:30")
    assert calendar_rules.decide_in_time.cache_info().misses - evaluated < 2 * 10 * 48  # ten days of every half hour
    assert schedules.jobs("of-7")[-1] == "2026-12-14 12:00 queued"


WINDOWS = ("", OFFICE, "22:00-02:00", "sat-sun 00:00-24:00", "mon 08:00-09:00")
RULE = Recurrence("America/New_York", cron="*/30 * * * *")


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.sampled_from(WINDOWS), min_size=1, max_size=2, unique=True),
    st.sampled_from(OutsidePolicy),
    st.sampled_from(MisfirePolicy),
    st.integers(0, 14 * 48),
    st.integers(1, 500),
)
def test_slices_give_the_same_result_as_a_single_run(
    expressions: list[str], outside: OutsidePolicy, policy: MisfirePolicy, off: int, size: int
) -> None:
    hours = tuple(SendHours(str(n), window, outside) for n, window in enumerate(expressions) if window)
    calendar = Calendar("US", HolidayPolicy.AFTER, hours)
    now = ms("2026-11-27 17:10:00") + off * 1_800_000
    due = list(between(RULE, now - 10 * 86_400_000, now))
    whole = split_overdue(calendar, RULE, due, now, policy, 6 * 3_600_000)
    run, missed = [], []
    for start in range(0, len(due), size):
        part = split_overdue(calendar, RULE, due[start:], now, policy, 6 * 3_600_000)
        last = due[start : start + size][-1]
        run += [at for at in part.run if at <= last]
        missed += [at for at in part.missed if at <= last]
    assert (tuple(run), tuple(missed)) == whole
