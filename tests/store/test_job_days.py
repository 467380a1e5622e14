"""Days with jobs: open jobs of a schedule are looked for on the days that may have some."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from schedbot.model import CancelReason
from schedbot.store.jobs import pending
from tests.support.job_history import HOUR, NOW, JobHistory, new_job_history
from tests.support.sql import read_rows

DAY = 24 * HOUR
TODAY = NOW // DAY
RETRY = "UPDATE jobs SET state = 'queued', error = NULL WHERE id = :id"
START = "UPDATE jobs SET state = 'running', token = 1, lease_until = 1 WHERE id = :id"


@pytest.fixture
def history(tmp_path: Path) -> Iterator[JobHistory]:
    with new_job_history(tmp_path) as history:
        yield history


def list_days(history: JobHistory) -> list[int]:
    """Return the days that may have open jobs, as numbers of days ago."""
    return [TODAY - row[0] for row in read_rows(history.db, "SELECT day FROM job_days WHERE has_open = 1 ORDER BY 1")]


def test_new_day_ends_the_days_without_open_jobs(history: JobHistory) -> None:
    schedule = history.add_schedule("daily")
    states = ("queued", "succeeded", "queued", "failed", "missed", "succeeded", "queued")
    for ago, state in zip(range(6, -1, -1), states, strict=True):
        job = history.add_job(schedule, state, ago_ms=ago * DAY, ts="1.0" if state == "succeeded" else None)
        if ago == 4:
            history._write(START, id=job)
    assert list_days(history) == [6, 4, 0]


def test_job_of_an_old_day_that_is_queued_again_is_cancelled(history: JobHistory) -> None:
    schedule = history.add_schedule("daily")
    old = history.add_job(schedule, "failed", ago_ms=9 * DAY, error="x")
    for ago in (5, 1, 0):
        history.add_job(schedule, "failed", ago_ms=ago * DAY, error="x")
    assert list_days(history) == []
    history._write(RETRY, id=old)
    late = history.add_job(schedule, "queued", ago_ms=7 * DAY)
    assert [job.id for job in pending.list_pending(history.db, schedule)] == [old, late]
    with history.db.writing():
        assert pending.cancel(history.db, schedule, CancelReason.SCHEDULE_PAUSED) == 2


def test_job_far_ahead_keeps_no_later_day_open(history: JobHistory) -> None:
    schedule = history.add_schedule("yearly")
    history.add_job(schedule, "skipped", ago_ms=-400 * DAY, cancel_reason="skipped_by_hand")  # a person, in advance
    wrong = history.add_job(schedule, "queued", ago_ms=-30 * DAY)  # by a clock that is ahead
    history._write("UPDATE jobs SET state = 'missed' WHERE id = :id", id=wrong)
    for ago in range(6, -1, -1):
        job = history.add_job(schedule, "queued", ago_ms=ago * DAY)
        history._write("UPDATE jobs SET state = 'failed' WHERE id = :id", id=job)
    assert list_days(history) == [1, 0]
