"""A changed calendar reaches queued jobs: they are deferred anew, restored or skipped."""

import pytest

from schedbot.admin.schedules import shared_calendars
from schedbot.store.jobs import pacing
from tests.admin.test_shared_calendars import OFFICE, set_account_calendar
from tests.support.schedules import Schedules, clock, ms
from tests.support.sql import read_rows


def queued_jobs(schedules: Schedules) -> list[str]:
    """List the queued jobs: available_at, deadline_at and the reason of a deferral."""
    rows = read_rows(
        schedules.db,
        "SELECT available_at, deadline_at, coalesce(deferred_by, 'at its own time') FROM jobs"
        " WHERE state = 'queued' ORDER BY due_at",
    )
    return [f"{clock(at)} / {clock(until)} / {reason}" for at, until, reason in rows]


def test_set_defers_a_queued_job_and_clear_restores_it(schedules: Schedules) -> None:
    schedules.add(account="42", priority="high")
    assert queued_jobs(schedules) == ["2026-12-01 09:00 / 2026-12-01 15:00 / at its own time"]
    change = set_account_calendar(schedules, window="10:00-18:00")
    assert (change.jobs.moved, change.jobs.skipped) == (1, 0)
    assert queued_jobs(schedules) == ["2026-12-01 10:00 / 2026-12-01 16:00 / outside window of account 42: 10:00-18:00"]
    assert set_account_calendar(schedules, window="10:00-18:00").jobs.moved == 0
    assert shared_calendars.clear_calendar(schedules.session, "42", None).jobs.moved == 1
    assert queued_jobs(schedules) == ["2026-12-01 09:00 / 2026-12-01 15:00 / at its own time"]


def test_held_job_is_deferred_to_the_later_of_hold_and_opening(
    schedules: Schedules,
) -> None:
    schedules.add(account="42")
    workspace, until = schedules.get().workspace_id, ms("2026-12-01 09:30:00")
    with schedules.db.writing():
        pacing.hold(schedules.db, workspace, pacing.POST, "", ms(schedules.utc), until)
        pacing.postpone_jobs(schedules.db, workspace, until, 3_000)
    for opens, goes_at in (("10:00", "10:00"), ("09:10", "09:30"), ("12:00", "12:00")):
        set_account_calendar(schedules, window=f"{opens}-18:00")
        assert [line[:16] for line in queued_jobs(schedules)] == [f"2026-12-01 {goes_at}"]
    shared_calendars.clear_calendar(schedules.session, "42", None)
    assert queued_jobs(schedules) == ["2026-12-01 09:30 / 2026-12-01 15:00 / at its own time"]


@pytest.mark.parametrize(("attempts", "state"), [(0, "skipped"), (1, "failed")])
def test_skipped_job_with_an_attempt_is_failed(schedules: Schedules, attempts: int, state: str) -> None:
    schedules.add(account="42")
    with schedules.db.writing():
        schedules.db.execute("UPDATE jobs SET attempts = :attempts", {"attempts": attempts})
    schedules.utc = "2026-12-01 09:01:00"
    assert set_account_calendar(schedules, window="10:00-18:00", outside="skip").jobs.skipped == 1
    assert schedules.jobs() == [f"2026-12-01 09:00 {state} outside window of account 42: 10:00-18:00"]


def test_clear_posts_an_overdue_deferred_job_now(schedules: Schedules) -> None:
    set_account_calendar(schedules, window="10:00-18:00")
    schedules.add(account="42")
    schedules.utc = "2026-12-01 09:20:00"
    shared_calendars.clear_calendar(schedules.session, "42", None)
    assert queued_jobs(schedules) == ["2026-12-01 09:20 / 2026-12-01 15:20 / outside window of account 42: 10:00-18:00"]


def test_late_job_is_deferred_to_the_opening(schedules: Schedules) -> None:
    schedules.utc = "2026-12-01 08:00:00"
    schedules.add(account="42")
    schedules.tick("2026-12-01 12:00:00")
    assert queued_jobs(schedules) == ["2026-12-01 12:00 / 2026-12-01 15:00 / at its own time"]
    set_account_calendar(schedules, window="14:00-18:00")
    assert queued_jobs(schedules) == ["2026-12-01 14:00 / 2026-12-01 20:00 / outside window of account 42: 14:00-18:00"]


def test_edited_grace_counts_from_the_opening(schedules: Schedules) -> None:
    schedules.utc = "2026-12-01 08:00:00"
    schedules.add()
    schedules.tick("2026-12-01 12:00:00")
    schedules.edit(window="14:00-18:00", grace="1h")
    assert [line[:35] for line in queued_jobs(schedules)] == ["2026-12-01 14:00 / 2026-12-01 15:00"]


def test_job_retried_after_opening_is_not_moved_back(schedules: Schedules) -> None:
    set_account_calendar(schedules, window="10:00-18:00")
    schedules.add(account="42")
    schedules.utc = "2026-12-01 10:05:00"
    set_account_calendar(schedules, window="09:30-18:00")
    assert queued_jobs(schedules) == ["2026-12-01 10:00 / 2026-12-01 16:00 / outside window of account 42: 10:00-18:00"]


def test_claimed_job_that_is_not_sent_is_deferred(schedules: Schedules) -> None:
    schedules.add(account="42")
    schedules.claim(sent=False)
    set_account_calendar(schedules, window="10:00-18:00")
    assert [line[:16] for line in queued_jobs(schedules)] == ["2026-12-01 10:00"]
    schedules.claim(sent=True)
    assert shared_calendars.clear_calendar(schedules.session, "42", None).jobs.moved == 0


def test_moved_schedule_has_its_new_accounts_hours(schedules: Schedules) -> None:
    set_account_calendar(schedules, window="10:00-18:00")
    schedules.add()
    schedules.edit(account="42")
    assert [line[:16] for line in queued_jobs(schedules)] == ["2026-12-01 10:00"]
    schedules.edit(account="43")
    assert queued_jobs(schedules) == ["2026-12-01 09:00 / 2026-12-01 15:00 / at its own time"]


def test_extra_job_is_not_deferred(schedules: Schedules) -> None:
    schedules.utc = "2026-12-01 19:00:00"
    schedules.add(account="42")
    schedules.run_now()
    assert set_account_calendar(schedules, window=OFFICE).jobs.moved == 0
