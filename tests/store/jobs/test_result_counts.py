"""Counts of results are right at each commit: while results wait, and after each step that adds them."""

import random
from pathlib import Path

import pytest

from schedbot.model import AttemptResult, JobState, Outcome
from schedbot.store.jobs import attempt_ends, attempts, claims
from schedbot.store.operations import rollup_batches
from tests.support.job_history import NOW, JobHistory, new_job_history
from tests.support.job_invariants import list_counts, recount
from tests.support.sql import read_rows, read_value

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
        attempts.begin_all(history.db, starts, NOW)
    with history.db.writing():
        ends = [end(start, job.attempts + 1, chance) for job, start in zip(jobs, starts, strict=True)]
        states = attempt_ends.end_all(history.db, ends)
    assert states == [item.state for item in ends]


def add_steps(history: JobHistory, count: int, chance: random.Random) -> bool:
    """Do steps of a batch; its counts are right after each. Returns whether it is done."""
    batch = rollup_batches.prepare(history.db)
    for _ in range(count):
        counts = list_counts(history.db)
        with history.db.writing():
            moved = rollup_batches.move_on(history.db, batch, limit=chance.randrange(1, 4))
        assert list_counts(history.db) == counts
        if moved is None:
            return True
        batch = moved
    return False


@pytest.mark.parametrize("seed", range(3))
def test_counts_are_right_between_the_steps_of_ticks(tmp_path: Path, seed: int) -> None:
    with new_job_history(tmp_path) as history:
        schedules = [history.add_schedule(name) for name in ("one", "two", "three")]
        for number in range(30):
            history.add_job(schedules[number % 3], "queued", ago_ms=1_000 + number * 300_000)
        with history.db.writing():
            history.db.execute(KINDS)
        chance = random.Random(seed)
        for _ in range(6):
            deliver(history, chance)
            add_steps(history, chance.randrange(6), chance)  # a tick that ends in between
        assert {row[3] for row in list_counts(history.db)} >= {"posts", "failed", "retried", "render", "posted"}
        assert list_counts(history.db) == recount(history.db)
        history._write("UPDATE jobs SET state = 'queued', error = NULL WHERE state = 'failed'")
        while read_value(history.db, "SELECT count(*) FROM results"):
            add_steps(history, 99, chance)
        assert list_counts(history.db) == recount(history.db)
        assert read_rows(history.db, "SELECT last_id, period, key FROM rollup_batch") == [(0, -1, "")]


def test_only_one_of_two_ticks_adds_a_batch(tmp_path: Path) -> None:
    with new_job_history(tmp_path) as history:
        history.add_job(history.add_schedule("one"), "failed", ago_ms=1_000)
        counts = list_counts(history.db)
        batch = rollup_batches.prepare(history.db)
        assert add_steps(history, 9, random.Random(0))
        history.add_job(history.add_schedule("two"), "failed", ago_ms=1_000)
        with pytest.raises(rollup_batches.OtherTick), history.db.writing():
            rollup_batches.move_on(history.db, batch, 9)
        assert list_counts(history.db) == recount(history.db) != counts


def test_part_after_another_is_no_retry(tmp_path: Path) -> None:
    with new_job_history(tmp_path) as history:
        history.add_job(history.add_schedule("one"), "queued", ago_ms=1_000, parts=2)
        for state in (JobState.QUEUED, JobState.SUCCEEDED):
            with history.db.writing():
                [job] = claims.claim(history.db, claims.ClaimRequest(NOW, 1, NOW + 60_000))
                start = begin(job, random.Random(0))
                attempts.begin(history.db, start, NOW)
                result = AttemptResult(Outcome.POSTED, ts="1796137200.000100")
                end = attempt_ends.AttemptEnd(job.id, job.token, start.part, NOW, result, state, NOW, 1)
                attempt_ends.end_all(history.db, [end])
        assert not [row for row in list_counts(history.db) if row[3] == "retried"]
