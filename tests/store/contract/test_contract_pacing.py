"""Pacing: a second between two posts to a channel, and holds of a workspace, for every worker."""

from schedbot.rules.channel_pace import PACE_MS
from schedbot.store.database import Database
from schedbot.store.jobs import pacing
from tests.store.contract.worker import DUE_AT, Worker
from tests.support.schedules import Schedules


def test_channel_is_busy_for_a_second_after_a_post(schedules: Schedules, worker: Worker, other: Database) -> None:
    schedules.add("first")
    schedules.add("second")
    worker.now = DUE_AT + 1_000
    first, second = worker.claim()
    assert worker.begin(first)
    assert not Worker(other, worker.now + PACE_MS - 1).begin(second)
    assert Worker(other, worker.now + PACE_MS).begin(second)


def test_other_channel_is_free_meanwhile(schedules: Schedules, worker: Worker) -> None:
    schedules.add("first")
    schedules.add("second", channel="C0000000002")
    first, second = worker.claim()
    assert worker.begin(first)
    assert worker.begin(second)


def test_hold_of_a_workspace_stops_all_its_channels(schedules: Schedules, worker: Worker, db: Database) -> None:
    schedules.add()
    job = worker.claim_one()
    with db.writing():
        pacing.hold(db, job.workspace_id, pacing.POST, "", DUE_AT, DUE_AT + 30_000)
    assert not worker.begin(job)
    worker.now = DUE_AT + 30_000
    assert worker.begin(job)


def test_hold_of_another_method_stops_no_post(schedules: Schedules, worker: Worker, db: Database) -> None:
    schedules.add()
    job = worker.claim_one()
    with db.writing():
        pacing.hold(db, job.workspace_id, pacing.HISTORY, "", DUE_AT, DUE_AT + 30_000)
    assert worker.begin(job)


def test_shorter_hold_does_not_end_a_longer_one(schedules: Schedules, worker: Worker, db: Database) -> None:
    schedules.add()
    job = worker.claim_one()
    with db.writing():
        pacing.hold(db, job.workspace_id, pacing.POST, "", DUE_AT, DUE_AT + 30_000)
        pacing.hold(db, job.workspace_id, pacing.POST, "", DUE_AT, DUE_AT + 5_000)
    assert pacing.get_free_at(db, job.workspace_id, pacing.POST, "", DUE_AT) == DUE_AT + 30_000


def test_hold_delays_the_jobs_of_its_workspace(schedules: Schedules, worker: Worker, db: Database) -> None:
    schedules.add()
    workspace_id = db.text("SELECT workspace_id FROM jobs")
    with db.writing():
        assert pacing.postpone_jobs(db, workspace_id, DUE_AT + 30_000, 0) == 1
    assert worker.claim() == []
    worker.now = DUE_AT + 30_000
    assert len(worker.claim()) == 1
