"""What a person sends again or backfills waits for the opening: no calendar leaves it out, whatever is said later."""

import pytest

from schedbot.admin.jobs import backfill as backfill_jobs
from schedbot.admin.jobs import retry as retry_jobs
from schedbot.admin.schedules import shared_calendars
from schedbot.store.history.filters import Filter
from schedbot.store.jobs import claims, deferral
from schedbot.store.jobs.claims import ClaimRequest
from tests.support.schedules import Schedules, clock, ms
from tests.support.sql import read_rows

AFTERNOON = {"window": "14:00-18:00"}


def posted(schedules: Schedules) -> None:
    """A pool posts all that may leave; what it finds closed is ruled on as at every departure."""
    now = schedules.session.now() + 5_000
    with schedules.db.writing():
        for job in claims.claim(schedules.db, ClaimRequest(now, 100, now + 60_000)):
            if deferral.is_closed(job.calendar, job.tz, now):
                deferral.defer_or_skip(schedules.db, job.id, job.token, now)
            else:
                sql = "UPDATE jobs SET state = 'succeeded', ts = '1.1', token = NULL, lease_until = NULL WHERE id = :id"
                schedules.db.execute(sql, {"id": job.id})


def failed_then_posted(schedules: Schedules, **said: str) -> None:
    """The first day's report failed, the second day's was posted; it is noon then."""
    schedules.add(account="42", **said)
    with schedules.db.writing():
        schedules.db.execute("UPDATE jobs SET state = 'failed', error = 'fatal_error', attempts = 5")
    schedules.tick("2026-12-02 09:00:00")
    posted(schedules)
    schedules.utc = "2026-12-02 12:00:00"


def retry(schedules: Schedules) -> None:
    assert list(
        retry_jobs.carry_out(schedules.session, retry_jobs.plan(schedules.session, Filter(jobs=(1,)), stale=True))
    )


def backfill(schedules: Schedules) -> None:
    made = backfill_jobs.plan(schedules.session, "daily", "2026-11-29 00:00", "2026-12-01 00:00")
    assert len(backfill_jobs.carry_out(schedules.session, made)) == 2


def goes(schedules: Schedules) -> list[str]:
    """When what waits goes, and until when it may."""
    rows = read_rows(schedules.db, "SELECT available_at, deadline_at FROM jobs WHERE state = 'queued' ORDER BY due_at")
    return [" / ".join(map(clock, row)) for row in rows]


def test_a_calendar_set_while_a_retry_waits_does_not_leave_it_out_for_one_that_is_settled(schedules: Schedules) -> None:
    failed_then_posted(schedules)
    retry(schedules)
    assert shared_calendars.set_calendar(schedules.session, "42", None, AFTERNOON).jobs.skipped == 0
    assert goes(schedules) == ["2026-12-02 14:00 / 2026-12-02 20:00"]


@pytest.mark.parametrize("outside", ["skip", "defer"])
def test_a_calendar_set_while_a_backfill_waits_puts_it_off(schedules: Schedules, outside: str) -> None:
    failed_then_posted(schedules)
    backfill(schedules)
    shared_calendars.set_calendar(schedules.session, "42", None, {**AFTERNOON, "outside": outside})
    assert goes(schedules) == ["2026-12-02 14:00 / 2026-12-02 20:00"] * 2
    shared_calendars.clear_calendar(schedules.session, "42", None)
    assert [line[:16] for line in goes(schedules)] == ["2026-12-02 12:00"] * 2


@pytest.mark.parametrize("outside", ["skip", "defer"])
def test_a_backfill_that_comes_to_leave_after_closing_again_and_again_still_waits(
    schedules: Schedules, outside: str
) -> None:
    failed_then_posted(schedules, window="08:00-10:00", outside=outside, grace="40h")
    backfill(schedules)
    posted(schedules)
    assert [line[:16] for line in goes(schedules)] == ["2026-12-03 08:00"] * 2
    schedules.tick("2026-12-03 09:00:00")
    schedules.utc = "2026-12-03 11:00:00"  # no pool came in between
    posted(schedules)
    assert [line[:16] for line in goes(schedules)][:2] == ["2026-12-04 08:00"] * 2


def test_a_schedule_without_grace_leaves_time_enough_at_the_opening_too(schedules: Schedules) -> None:
    failed_then_posted(schedules, window="08:00-10:00", grace="0s")
    backfill(schedules)
    posted(schedules)
    assert goes(schedules) == ["2026-12-03 08:00 / 2026-12-03 09:00"] * 2
    shared_calendars.set_calendar(schedules.session, "42", None, {"blackout": "2026-12-03"})
    assert goes(schedules) == ["2026-12-04 08:00 / 2026-12-04 09:00"] * 2


def test_what_is_late_by_itself_gives_way_only_to_one_that_is_still_to_be_posted(schedules: Schedules) -> None:
    schedules.add(cron="0 9,11 * * *", account="42")
    schedules.tick("2026-12-01 10:59:00")
    with schedules.db.writing():
        sql = "UPDATE jobs SET state = 'succeeded', ts = '1.1' WHERE due_at = :at"
        schedules.db.execute(sql, {"at": ms("2026-12-01 11:00:00")})
    schedules.utc = "2026-12-01 12:00:00"
    assert shared_calendars.set_calendar(schedules.session, "42", None, AFTERNOON).jobs.skipped == 0
    assert goes(schedules) == ["2026-12-01 14:00 / 2026-12-01 20:00"]


def test_an_edit_to_a_shorter_grace_takes_no_time_from_it(schedules: Schedules) -> None:
    failed_then_posted(schedules)
    retry(schedules)
    schedules.utc = "2026-12-02 12:01:00"  # its workspace is held: it still waits
    schedules.edit(grace="0s")
    assert goes(schedules) == ["2026-12-02 12:00 / 2026-12-02 18:00"]
    schedules.edit(grace="8h")
    assert goes(schedules) == ["2026-12-02 12:00 / 2026-12-03 02:00"]
