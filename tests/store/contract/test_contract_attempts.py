"""Attempts: the intent is written before the post, the result once, and only by the holder of the token."""

import pytest

from schedbot.model import AttemptResult, JobState, Outcome
from schedbot.store.database import Database
from schedbot.store.jobs import attempt_ends, claims, pacing
from tests.store.contract.worker import DUE_AT, LEASE_MS, TS, WINDOW_MS, Worker
from tests.support.schedules import Schedules
from tests.support.sql import read_row, read_rows

ATTEMPT = "SELECT number, sent_at, ended_at, outcome, ts FROM attempts"


def test_intent_is_committed_before_the_result(schedules: Schedules, worker: Worker, other: Database) -> None:
    schedules.add()
    job = worker.claim_one()
    assert worker.begin(job)
    assert read_row(other, ATTEMPT) == (1, DUE_AT, None, None, None)


def test_posted_job_is_succeeded_with_its_ts(schedules: Schedules, worker: Worker, other: Database) -> None:
    schedules.add()
    assert worker.post(worker.claim_one()) == "succeeded"
    assert read_row(other, ATTEMPT) == (1, DUE_AT, DUE_AT, "posted", TS)
    assert read_row(other, "SELECT state, ts, token, lease_until FROM jobs") == ("succeeded", TS, None, None)


def test_attempt_under_a_passed_lease_is_not_begun(schedules: Schedules, worker: Worker, db: Database) -> None:
    schedules.add()
    job = worker.claim_one()
    worker.now += LEASE_MS
    assert not worker.begin(job)
    assert read_rows(db, ATTEMPT) == []


def test_attempt_after_the_deadline_is_not_begun(schedules: Schedules, worker: Worker, db: Database) -> None:
    schedules.add(grace="30s")
    job = worker.claim_one()
    worker.now += 30_001
    assert not worker.begin(job)
    assert read_rows(db, ATTEMPT) == []


def test_stale_token_begins_and_ends_nothing(schedules: Schedules, worker: Worker, db: Database) -> None:
    schedules.add()
    stale = worker.claim_one()
    with db.writing():
        claims.release(db, stale.id, stale.token, worker.now)
    job = worker.claim_one()
    assert not worker.begin(stale)
    assert worker.begin(job)
    before = read_rows(db, "SELECT * FROM jobs"), read_rows(db, "SELECT * FROM attempts")
    assert worker.end(stale, Outcome.MESSAGE_REFUSED, JobState.FAILED) is None
    assert (read_rows(db, "SELECT * FROM jobs"), read_rows(db, "SELECT * FROM attempts")) == before
    assert worker.end(job, Outcome.POSTED, JobState.SUCCEEDED) == "succeeded"


def test_result_is_written_once(schedules: Schedules, worker: Worker, db: Database) -> None:
    schedules.add()
    job = worker.claim_one()
    worker.post(job)
    assert worker.end(job, Outcome.MESSAGE_REFUSED, JobState.FAILED) is None
    assert read_rows(db, ATTEMPT) == [(1, DUE_AT, DUE_AT, "posted", TS)]


def test_attempts_begun_together_are_guarded_each(schedules: Schedules, worker: Worker, db: Database) -> None:
    for number in range(4):
        schedules.add(f"job-{number}", channel=f"C000000000{number}")
    jobs = worker.claim()
    with db.writing():
        claims.release(db, jobs[0].id, jobs[0].token, worker.now)
        pacing.hold(db, jobs[2].workspace_id, pacing.POST, jobs[2].channel, worker.now, worker.now + 500)
    begun = worker.begin_all(jobs)
    assert [result.is_written for result in begun] == [False, True, False, True]
    assert [begun[0].lease_until, begun[2].channel_free_at] == [None, worker.now + 500]
    assert read_rows(db, "SELECT job_id FROM attempts") == [(jobs[1].id,), (jobs[3].id,)]
    assert read_rows(db, "SELECT attempts FROM jobs ORDER BY id") == [(0,), (1,), (0,), (1,)]


def test_two_posts_to_a_channel_are_not_begun_together(schedules: Schedules, worker: Worker, db: Database) -> None:
    schedules.add("a")
    schedules.add("b")
    with pytest.raises(ValueError, match="two posts to one channel"):
        worker.begin_all(worker.claim())
    assert read_rows(db, ATTEMPT) == []


def test_ends_written_together_are_guarded_each(schedules: Schedules, worker: Worker, db: Database) -> None:
    for number in range(3):
        schedules.add(f"job-{number}", channel=f"C000000000{number}")
    jobs = worker.claim()
    worker.begin_all(jobs)
    worker.lose(jobs[1])
    assert worker.end_all(jobs, Outcome.POSTED, JobState.SUCCEEDED) == ["succeeded", None, "succeeded"]
    assert read_rows(db, "SELECT outcome FROM attempts ORDER BY job_id") == [("posted",), ("unknown",), ("posted",)]
    assert read_rows(db, "SELECT state FROM jobs ORDER BY id") == [("succeeded",), ("unknown",), ("succeeded",)]


@pytest.mark.parametrize("detail", ["a\x00b", "\ud800", 'é 😀 "quoted"\n', "[1]", "null"])
def test_detail_is_kept_as_it_is(schedules: Schedules, worker: Worker, db: Database, detail: str) -> None:
    schedules.add()
    worker.begin(job := worker.claim_one())
    result = AttemptResult(Outcome.RENDER_FAILED, "render_failed", detail=detail)
    with db.writing():
        end = attempt_ends.AttemptEnd(job.id, job.token, 1, worker.now, result, JobState.FAILED, worker.now, 1)
        attempt_ends.end_all(db, [end])
    expected = detail.encode(errors="backslashreplace").decode()
    assert read_row(db, "SELECT outcome, error, detail, ts FROM attempts") == (
        "render_failed",
        "render_failed",
        expected,
        None,
    )


def test_attempts_of_a_job_are_numbered(schedules: Schedules, worker: Worker, db: Database) -> None:
    schedules.add()
    for number in (1, 2, 3):
        job = worker.claim_one()
        assert worker.begin(job)
        worker.end(job, Outcome.NOT_POSTED, JobState.QUEUED, number)
        worker.now += 2_000
    assert read_rows(db, "SELECT number, outcome FROM attempts ORDER BY number") == [
        (number, "not_posted") for number in (1, 2, 3)
    ]


@pytest.mark.parametrize(
    ("sent", "state"),
    [
        pytest.param(True, "unknown", id="an attempt that was sent has an unknown outcome"),
        pytest.param(None, "queued", id="a job without attempt is queued again"),
    ],
)
def test_job_of_a_lost_worker(schedules: Schedules, worker: Worker, db: Database, sent: bool, state: str) -> None:
    schedules.add()
    job = worker.claim_one()
    if sent:
        assert worker.begin(job)
    assert worker.lose(job) == state
    expected = [("unknown",)] if sent else []
    assert read_rows(db, "SELECT outcome FROM attempts WHERE ended_at IS NOT NULL") == expected


def test_look_up_is_due_when_no_late_message_can_arrive(schedules: Schedules, worker: Worker, db: Database) -> None:
    schedules.add()
    job = worker.claim_one()
    worker.begin(job)
    worker.lose(job)
    assert worker.claim() == []
    assert worker.take_look_ups(DUE_AT + WINDOW_MS - 1) == []
    [look_up] = worker.take_look_ups(DUE_AT + WINDOW_MS)
    assert (look_up.id, look_up.sent_at, look_up.channel) == (job.id, DUE_AT, "C0000000001")


def test_look_up_is_taken_by_one_worker(schedules: Schedules, worker: Worker, other: Database) -> None:
    schedules.add()
    worker.begin(job := worker.claim_one())
    worker.lose(job)
    assert len(worker.take_look_ups(DUE_AT + WINDOW_MS)) == 1
    assert Worker(other).take_look_ups(DUE_AT + WINDOW_MS) == []


def test_posted_message_of_a_look_up_settles_the_job(schedules: Schedules, worker: Worker, db: Database) -> None:
    schedules.add()
    worker.begin(job := worker.claim_one())
    worker.lose(job)
    [look_up] = worker.take_look_ups(DUE_AT + WINDOW_MS)
    assert worker.settle(look_up, "found", JobState.SUCCEEDED, TS) == "succeeded"
    assert worker.settle(look_up, "absent", JobState.QUEUED) is None
    assert read_row(db, "SELECT state, ts FROM jobs") == ("succeeded", TS)


def test_absent_message_lets_the_job_be_sent_again(schedules: Schedules, worker: Worker) -> None:
    schedules.add()
    worker.begin(job := worker.claim_one())
    worker.lose(job)
    [look_up] = worker.take_look_ups(DUE_AT + WINDOW_MS)
    assert worker.settle(look_up, "absent", JobState.QUEUED) == "queued"
    worker.now = DUE_AT + WINDOW_MS
    assert worker.claim_one().attempts == 1
