"""Counts of results: the ends of a commit, counted by one statement, count as the triggers count them."""

import random
from pathlib import Path

import pytest

from schedbot.model import AttemptResult, JobState, Outcome
from schedbot.store.history import result_counts
from schedbot.store.jobs import attempt_ends, attempts, claims
from tests.support.job_history import NOW, JobHistory, new_job_history
from tests.support.job_invariants import list_counts, recount
from tests.support.sql import read_value

STATES = (JobState.SUCCEEDED, JobState.FAILED, JobState.QUEUED, JobState.QUEUED)
ERRORS = ("ratelimited", "fatal_error", None)
KINDS = "UPDATE jobs SET parts = 9, kind = CASE WHEN id % 7 = 0 THEN 'test' ELSE kind END"


def begin(job: claims.ClaimedJob, chance: random.Random) -> attempts.AttemptStart:
    """Return a random attempt of a job."""
    report = chance.choice(["sales", None])
    render_ms = chance.choice([None, 7, 1_234])
    part = job.parts_posted + 1
    return attempts.AttemptStart(
        job.id, job.token, 1, f"C{job.id}", "pool", NOW, NOW, render_ms=render_ms, report=report, part=part
    )


def end(start: attempts.AttemptStart, number: int, chance: random.Random) -> attempt_ends.AttemptEnd:
    """Return a random end of an attempt."""
    state, error = chance.choice(STATES), chance.choice(ERRORS)
    is_posted = state is JobState.SUCCEEDED or (state is JobState.QUEUED and chance.random() < 0.5)
    outcome = Outcome.POSTED if is_posted else chance.choice([Outcome.RATE_LIMITED, Outcome.UNKNOWN])
    result = AttemptResult(outcome, None if is_posted else error, ts="1796137200.000100" if is_posted else None)
    lateness_ms = chance.randrange(20_000) if is_posted and start.part == 1 else None
    return attempt_ends.AttemptEnd(start.job_id, start.token, number, NOW, result, state, NOW, number, lateness_ms)


def deliver(history: JobHistory, chance: random.Random) -> None:
    """Claim all jobs, and end an attempt of each at random."""
    with history.db.writing():
        jobs = claims.claim(history.db, claims.ClaimRequest(NOW, 100, NOW + 60_000))
        starts = [begin(job, chance) for job in jobs]
        attempts.begin_all(history.db, [attempts.Intent(start, 0) for start in starts], NOW)
    with history.db.writing():
        ends = [end(start, job.attempts + 1, chance) for job, start in zip(jobs, starts, strict=True)]
        states = attempt_ends.end_all(history.db, ends)
    assert states == [item.state for item in ends]


@pytest.mark.parametrize("seed", range(3))
def test_ends_of_a_commit_count_as_triggers_count_them(tmp_path: Path, seed: int) -> None:
    with new_job_history(tmp_path) as history:
        schedules = [history.add_schedule(name) for name in ("one", "two", "three")]
        for number in range(30):
            history.add_job(schedules[number % 3], "queued", ago_ms=1_000 + number * 300_000)
        with history.db.writing():
            history.db.execute(KINDS)
        chance = random.Random(seed)
        for _ in range(4):
            deliver(history, chance)
        assert {row[3] for row in list_counts(history.db)} >= {"posts", "failed", "retried", "render", "posted"}
        assert list_counts(history.db) == recount(history.db)


def test_part_after_another_is_no_retry(tmp_path: Path) -> None:
    with new_job_history(tmp_path) as history:
        history.add_job(history.add_schedule("one"), "queued", ago_ms=1_000, parts=2)
        for state in (JobState.QUEUED, JobState.SUCCEEDED):
            with history.db.writing():
                [job] = claims.claim(history.db, claims.ClaimRequest(NOW, 1, NOW + 60_000))
                start = begin(job, random.Random(0))
                attempts.begin(history.db, start, NOW, 0)
                result = AttemptResult(Outcome.POSTED, ts="1796137200.000100")
                end = attempt_ends.AttemptEnd(job.id, job.token, start.part, NOW, result, state, NOW, 1)
                attempt_ends.end_all(history.db, [end])
        assert not [row for row in list_counts(history.db) if row[3] == "retried"]


def test_triggers_count_after_a_set_that_failed(tmp_path: Path) -> None:
    with new_job_history(tmp_path) as history:
        with pytest.raises(ZeroDivisionError), history.db.writing(), result_counts.counting_together(history.db):
            _ = 1 / 0
        assert read_value(history.db, "SELECT count(*) FROM counts_together") == 0
