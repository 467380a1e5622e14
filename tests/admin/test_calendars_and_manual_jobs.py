"""Retried and backfilled jobs wait for the send window to open: no calendar skips them."""

import pytest

from schedbot.admin.jobs import backfill as backfill_jobs
from schedbot.admin.jobs import retry as retry_jobs
from schedbot.admin.schedules import shared_calendars
from schedbot.store.history.filters import Filter
from schedbot.store.jobs import calendar_deferral, claims
from schedbot.store.jobs.claims import ClaimRequest
from tests.support.schedules import Schedules, clock, ms
from tests.support.sql import read_rows

AFTERNOON = {"window": "14:00-18:00"}


def run_pool(schedules: Schedules) -> None:
    """Post the due jobs; a job outside its send window is deferred or skipped, as by a pool."""
    now = schedules.session.now() + 5_000
    with schedules.db.writing():
        for job in claims.claim(schedules.db, ClaimRequest(now, 100, now + 60_000)):
            if calendar_deferral.is_closed(job.calendar, job.tz, now):
                calendar_deferral.defer_or_skip(schedules.db, job.id, job.token, now)
            else:
                sql = "UPDATE jobs SET state = 'succeeded', ts = '1.1', token = NULL, lease_until = NULL WHERE id = :id"
                schedules.db.execute(sql, {"id": job.id})


def fail_then_post(schedules: Schedules, **fields: str) -> None:
    """Let the job of the first day fail and that of the second day succeed. It is noon of the second day."""
    schedules.add(account="42", **fields)
    with schedules.db.writing():
        schedules.db.execute("UPDATE jobs SET state = 'failed', error = 'fatal_error', attempts = 5")
    schedules.tick("2026-12-02 09:00:00")
    run_pool(schedules)
    schedules.utc = "2026-12-02 12:00:00"


def retry(schedules: Schedules) -> None:
    plan = retry_jobs.plan(schedules.session, Filter(jobs=(1,)), stale=True)
    assert list(retry_jobs.carry_out(schedules.session, plan))


def backfill(schedules: Schedules) -> None:
    plan = backfill_jobs.plan(schedules.session, "daily", "2026-11-29 00:00", "2026-12-01 00:00")
    assert len(backfill_jobs.carry_out(schedules.session, plan)) == 2


def queued_times(schedules: Schedules) -> list[str]:
    """Return `available_at / deadline_at` of each queued job."""
    rows = read_rows(schedules.db, "SELECT available_at, deadline_at FROM jobs WHERE state = 'queued' ORDER BY due_at")
    return [" / ".join(map(clock, row)) for row in rows]


def test_new_calendar_defers_a_retried_job(schedules: Schedules) -> None:
    fail_then_post(schedules)
    retry(schedules)
    assert shared_calendars.set_calendar(schedules.session, "42", None, AFTERNOON).jobs.skipped == 0
    assert queued_times(schedules) == ["2026-12-02 14:00 / 2026-12-02 20:00"]


@pytest.mark.parametrize("outside", ["skip", "defer"])
def test_new_calendar_defers_backfilled_jobs(schedules: Schedules, outside: str) -> None:
    fail_then_post(schedules)
    backfill(schedules)
    shared_calendars.set_calendar(schedules.session, "42", None, {**AFTERNOON, "outside": outside})
    assert queued_times(schedules) == ["2026-12-02 14:00 / 2026-12-02 20:00"] * 2
    shared_calendars.clear_calendar(schedules.session, "42", None)
    assert [line[:16] for line in queued_times(schedules)] == ["2026-12-02 12:00"] * 2


@pytest.mark.parametrize("outside", ["skip", "defer"])
def test_backfilled_jobs_wait_through_several_closings(schedules: Schedules, outside: str) -> None:
    fail_then_post(schedules, window="08:00-10:00", outside=outside, grace="40h")
    backfill(schedules)
    run_pool(schedules)
    assert [line[:16] for line in queued_times(schedules)] == ["2026-12-03 08:00"] * 2
    schedules.tick("2026-12-03 09:00:00")
    schedules.utc = "2026-12-03 11:00:00"  # no pool ran meanwhile
    run_pool(schedules)
    assert [line[:16] for line in queued_times(schedules)][:2] == ["2026-12-04 08:00"] * 2


def test_backfilled_job_without_grace_has_an_hour_from_opening(schedules: Schedules) -> None:
    fail_then_post(schedules, window="08:00-10:00", grace="0s")
    backfill(schedules)
    run_pool(schedules)
    assert queued_times(schedules) == ["2026-12-03 08:00 / 2026-12-03 09:00"] * 2
    shared_calendars.set_calendar(schedules.session, "42", None, {"blackout": "2026-12-03"})
    assert queued_times(schedules) == ["2026-12-04 08:00 / 2026-12-04 09:00"] * 2


def test_late_job_gives_way_only_to_a_queued_job(schedules: Schedules) -> None:
    schedules.add(cron="0 9,11 * * *", account="42")
    schedules.tick("2026-12-01 10:59:00")
    with schedules.db.writing():
        sql = "UPDATE jobs SET state = 'succeeded', ts = '1.1' WHERE due_at = :at"
        schedules.db.execute(sql, {"at": ms("2026-12-01 11:00:00")})
    schedules.utc = "2026-12-01 12:00:00"
    assert shared_calendars.set_calendar(schedules.session, "42", None, AFTERNOON).jobs.skipped == 0
    assert queued_times(schedules) == ["2026-12-01 14:00 / 2026-12-01 20:00"]


def test_shorter_grace_does_not_shorten_a_retry(schedules: Schedules) -> None:
    fail_then_post(schedules)
    retry(schedules)
    schedules.utc = "2026-12-02 12:01:00"  # its workspace is paused, so the job still waits
    schedules.edit(grace="0s")
    assert queued_times(schedules) == ["2026-12-02 12:00 / 2026-12-02 18:00"]
    schedules.edit(grace="8h")
    assert queued_times(schedules) == ["2026-12-02 12:00 / 2026-12-03 02:00"]
