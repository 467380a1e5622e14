"""Changes by people: their effect on waiting jobs, and their record, come in one transaction."""

import json

import pytest

from schedbot.errors import SchedbotError
from schedbot.store.database import Database
from tests.store.contract.worker import DUE_AT, Worker
from tests.support.schedules import Schedules
from tests.support.sql import read_rows

RECORD = "SELECT command, kind, name FROM changes ORDER BY id"


def test_paused_schedule_has_no_job_to_claim(schedules: Schedules, worker: Worker) -> None:
    schedules.add()
    schedules.pause()
    assert worker.claim() == []
    schedules.resume()
    assert len(worker.claim()) == 1


def test_removed_schedule_has_no_job_to_claim(schedules: Schedules, worker: Worker) -> None:
    schedules.add()
    schedules.remove()
    assert worker.claim() == []


def test_pause_takes_no_job_from_a_request_that_left(schedules: Schedules, worker: Worker) -> None:
    schedules.add()
    job = worker.claim_one()
    assert worker.begin(job)
    schedules.pause()
    assert schedules.jobs() == ["2026-12-01 09:00 running"]


def test_pause_takes_the_token_of_a_job_that_has_not_left(schedules: Schedules, worker: Worker) -> None:
    schedules.add()
    job = worker.claim_one()
    schedules.pause()
    assert not worker.begin(job)


def test_edit_of_the_time_cancels_the_waiting_job(schedules: Schedules, worker: Worker) -> None:
    schedules.add()
    schedules.edit(cron="0 10 * * *")
    worker.now = DUE_AT + 1_000
    assert worker.claim() == []
    assert schedules.next() == "2026-12-01 10:00"


def test_edit_of_the_text_keeps_the_waiting_job(schedules: Schedules, worker: Worker) -> None:
    schedules.add()
    schedules.edit(text="Hello")
    assert worker.claim_one().report.source == "Hello"


def test_each_change_is_recorded_with_its_command(schedules: Schedules, db: Database) -> None:
    schedules.add()
    schedules.edit(text="Hello")
    schedules.pause()
    schedules.resume()
    schedules.remove()
    commands = [(command, "schedule", "daily") for command in ("add", "edit", "pause", "resume", "remove")]
    assert read_rows(db, RECORD) == commands


def test_recorded_change_has_both_versions(schedules: Schedules, db: Database) -> None:
    schedules.add()
    schedules.edit(text="Hello")
    before, after = (
        db.text("SELECT before FROM changes WHERE id = 2"),
        db.text("SELECT after FROM changes WHERE id = 2"),
    )
    assert json.loads(before)["text"] == "Hi"
    assert json.loads(after)["text"] == "Hello"


def test_refused_change_is_neither_made_nor_recorded(schedules: Schedules, db: Database) -> None:
    schedules.add()
    with pytest.raises(SchedbotError):
        schedules.add()
    assert len(read_rows(db, RECORD)) == db.integer("SELECT count(*) FROM schedules") == 1
