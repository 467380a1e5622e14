"""Fan-out: one job for each occurrence, complete slices, and nothing lost between two ticks."""

import pytest

from schedbot.store.database import Database
from schedbot.store.fanout.insert_jobs import Counts
from schedbot.tick import ALONE, run_slice, tick
from tests.store.contract.worker import DUE_AT, Worker
from tests.support.schedules import Schedules, ms
from tests.support.sql import read_value

JOB = """
INSERT INTO jobs (schedule_id, workspace_id, due_at, available_at, deadline_at, state)
SELECT schedule_id, workspace_id, due_at, available_at, deadline_at, 'queued' FROM jobs LIMIT 1
"""


def count_jobs(db: Database) -> int:
    return int(read_value(db, "SELECT count(*) FROM jobs"))


def test_repeated_tick_makes_no_second_job(schedules: Schedules) -> None:
    schedules.add()
    for utc in ("2026-12-01 08:59:00", "2026-12-01 08:59:30", "2026-12-01 09:00:00"):
        schedules.tick(utc)
    assert schedules.jobs() == ["2026-12-01 09:00 queued"]


def test_second_job_of_an_occurrence_is_refused(schedules: Schedules, db: Database) -> None:
    schedules.add()
    with pytest.raises(Exception, match=r"(?i)unique"), db.writing():
        db.execute(JOB)
    assert count_jobs(db) == 1


def test_schedules_of_one_recurrence_get_a_job_each(schedules: Schedules, db: Database) -> None:
    schedules.utc = "2026-12-01 08:00:00"
    for number in range(30):
        schedules.add(f"s{number}", channel=f"C{number:010d}")
    schedules.tick("2026-12-01 08:59:00")
    assert read_value(db, "SELECT count(*) FROM recurrences") == 1
    assert read_value(db, "SELECT count(DISTINCT schedule_id) FROM jobs") == count_jobs(db) == 30


def test_jobs_of_one_channel_are_a_second_apart(schedules: Schedules, db: Database) -> None:
    schedules.utc = "2026-12-01 08:00:00"
    for number in range(3):
        schedules.add(f"s{number}")
    schedules.tick("2026-12-01 08:59:00")
    available = db.integers("SELECT available_at - due_at FROM jobs ORDER BY available_at")
    assert available == [0, 1_000, 2_000]


def test_slice_of_a_tick_is_complete_in_itself(schedules: Schedules, db: Database) -> None:
    schedules.utc = "2026-12-01 07:00:00"
    for minute in range(60):
        schedules.add(f"s{minute}", cron=f"{minute} 8 * * *", channel=f"C{minute:010d}")
    now = ms("2026-12-01 09:00:00")
    with db.writing():
        assert run_slice(db, now, now, Counts())
    assert ALONE <= count_jobs(db) < 60
    schedules.tick("2026-12-01 09:00:30")
    assert count_jobs(db) == 60


def test_dry_run_of_a_tick_changes_nothing(schedules: Schedules, db: Database) -> None:
    schedules.utc = "2026-12-01 08:00:00"
    schedules.add()
    schedules.utc = "2026-12-01 08:59:00"
    assert tick(schedules.session, dry_run=True).enqueued == 1
    assert count_jobs(db) == 0


def test_occurrence_beyond_its_grace_is_recorded_as_missed(schedules: Schedules, worker: Worker) -> None:
    schedules.add("other", cron="0 8 * * *", grace="10m")
    schedules.tick("2026-12-02 09:00:00")
    assert schedules.jobs("other") == ["2026-12-02 08:00 missed no_tick"]
    worker.now = DUE_AT + 86_400_000
    assert worker.claim() == []
