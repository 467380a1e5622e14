"""Promise 2, for what a calendar keeps: off over a weekend, a report of Saturday is posted on Monday all the same."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schedbot.admin.schedules import shared_calendars
from schedbot.model import HolidayPolicy, MisfirePolicy, OutsidePolicy, Recurrence, SendHours
from schedbot.rules import calendar as calendar_rules
from schedbot.rules.calendar import Calendar
from schedbot.rules.late import split_overdue
from schedbot.rules.recurrence import between
from tests.support.schedules import Schedules, clock, ms, open_schedules
from tests.support.sql import read_rows

OFFICE = "mon-fri 08:00-18:00"
FRIDAY = "2026-12-04 12:00:00"
CLOSED = f"outside window: {OFFICE}"


@pytest.fixture
def schedules(tmp_path: Path) -> Iterator[Schedules]:
    with open_schedules(tmp_path) as made:
        made.utc = FRIDAY
        yield made


def goes(schedules: Schedules) -> list[str]:
    rows = read_rows(
        schedules.db, "SELECT due_at, deferred_to, deadline_at FROM jobs WHERE state = 'queued' ORDER BY due_at"
    )
    return [" / ".join(map(clock, row)) for row in rows]


@pytest.mark.parametrize("back", ["2026-12-06 20:00:00", "2026-12-07 07:59:00", "2026-12-07 10:00:00"])
def test_a_report_of_saturday_goes_on_monday_though_no_tick_ran_before(schedules: Schedules, back: str) -> None:
    schedules.add(cron="0 9 * * sat", window=OFFICE)
    schedules.tick(back)
    assert goes(schedules) == ["2026-12-05 09:00 / 2026-12-07 08:00 / 2026-12-07 14:00"]


def test_it_is_missed_once_its_grace_after_the_opening_is_over(schedules: Schedules) -> None:
    schedules.add(cron="0 9 * * sat", window=OFFICE)
    schedules.tick("2026-12-07 14:30:00")
    assert schedules.jobs() == ["2026-12-05 09:00 missed"]


def test_what_a_calendar_leaves_out_is_skipped_with_its_reason_and_not_missed(schedules: Schedules) -> None:
    schedules.add(cron="0 9 * * *", blackout="2026-12-05", outside="skip")
    schedules.tick("2026-12-07 08:59:00")
    assert schedules.jobs() == [
        "2026-12-05 09:00 skipped blackout: 2026-12-05",
        "2026-12-06 09:00 missed",
        "2026-12-07 09:00 queued",
    ]


def test_of_a_weekend_that_was_missed_only_the_last_stands_for_all(schedules: Schedules) -> None:
    schedules.add(cron="0 9 * * *", window=OFFICE)
    schedules.tick("2026-12-07 07:58:00")
    assert schedules.jobs() == [f"2026-12-05 09:00 skipped {CLOSED}", "2026-12-06 09:00 queued"]
    assert goes(schedules) == ["2026-12-06 09:00 / 2026-12-07 08:00 / 2026-12-07 14:00"]


def test_a_tick_that_comes_after_the_next_closing_puts_it_off_once_more(schedules: Schedules) -> None:
    schedules.add(cron="0 9 * * sat", window="mon-fri 08:00-10:00")
    schedules.tick("2026-12-07 12:00:00")
    assert goes(schedules) == ["2026-12-05 09:00 / 2026-12-08 08:00 / 2026-12-08 14:00"]


def test_schedules_of_one_rule_and_policy_are_judged_each_by_its_own_calendar(schedules: Schedules) -> None:
    schedules.add("office", cron="0 9 * * sat", window=OFFICE)
    schedules.add("always", cron="0 9 * * sat")
    schedules.add("none", cron="0 9 * * sat", window=OFFICE, outside="skip")
    schedules.tick("2026-12-06 20:00:00")
    assert (schedules.jobs("office"), schedules.jobs("always")) == (
        ["2026-12-05 09:00 queued"],
        ["2026-12-05 09:00 missed"],
    )
    assert schedules.jobs("none") == [f"2026-12-05 09:00 skipped {CLOSED}"]


def test_the_last_of_all_goes_at_the_opening_even_if_the_rule_would_go_on(schedules: Schedules) -> None:
    schedules.add(cron="0 9 * * *", window=OFFICE, until="2026-12-05 10:00")
    schedules.tick("2026-12-06 20:00:00")
    assert goes(schedules) == ["2026-12-05 09:00 / 2026-12-07 08:00 / 2026-12-07 14:00"]


def test_accounts_that_say_the_same_are_judged_once_for_all_that_was_missed(schedules: Schedules) -> None:
    for account in range(12):
        schedules.add(f"of-{account}", cron="*/30 * * * *", account=str(account))
        shared_calendars.set_(schedules.session, str(account), None, {"window": "00:00-23:59"})
    ruled = calendar_rules.decide_in_time.cache_info().misses
    schedules.tick("2026-12-14 12:00:30")
    assert calendar_rules.decide_in_time.cache_info().misses - ruled < 2 * 10 * 48  # ten days of every half hour
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
def test_in_slices_the_same_is_run_and_missed_as_at_once(
    said: list[str], outside: OutsidePolicy, policy: MisfirePolicy, off: int, size: int
) -> None:
    hours = tuple(SendHours(str(n), window, outside) for n, window in enumerate(said) if window)
    calendar = Calendar("US", HolidayPolicy.AFTER, hours)
    now = ms("2026-11-27 17:10:00") + off * 1_800_000
    due = list(between(RULE, now - 10 * 86_400_000, now))
    whole = split_overdue(calendar, RULE, (due, now), now, (policy, 6 * 3_600_000))
    parts = [
        split_overdue(calendar, RULE, (due[start:], due[start : start + size][-1]), now, (policy, 6 * 3_600_000))
        for start in range(0, len(due), size)
    ]
    assert tuple(at for part in parts for at in part.run) == whole.run
    assert tuple(at for part in parts for at in part.missed) == whole.missed
