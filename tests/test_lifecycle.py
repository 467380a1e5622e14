"""The life of a job: each state, what may befall it there, and nothing else."""

from collections.abc import Iterator
from itertools import product
from pathlib import Path

import apsw
import pytest

from schedbot.model import JobState
from schedbot.rules.lifecycle import MOVES, NEW, Event, after
from tests.support.job_history import JobHistory, new_job_history

S, E = JobState, Event
OVER = {S.SUCCEEDED, S.SKIPPED}
# Every pair that is a move, by hand: who edits the table has to say it twice.
LIVES = {
    S.QUEUED: {E.CLAIMED: S.RUNNING, E.CANCELLED: S.CANCELLED, E.SKIPPED: S.SKIPPED, E.SKIPPED_AFTER_ATTEMPT: S.FAILED},
    S.RUNNING: {
        E.POSTED: S.SUCCEEDED,
        **dict.fromkeys(
            (E.RELEASED, E.RATE_LIMITED, E.WORKSPACE_PAUSED, E.TOKEN_ROTATED, E.NOT_POSTED, E.WORKER_DIED_UNSENT),
            S.QUEUED,
        ),
        **dict.fromkeys((E.REFUSED, E.ATTEMPTS_EXHAUSTED, E.EXPIRED, E.SKIPPED_AFTER_ATTEMPT), S.FAILED),
        **dict.fromkeys((E.OUTCOME_UNKNOWN, E.WORKER_DIED_SENT), S.UNKNOWN),
        E.EXPIRED_UNTRIED: S.MISSED,
        E.SKIPPED: S.SKIPPED,
        E.CANCELLED: S.CANCELLED,
    },
    S.UNKNOWN: {
        **dict.fromkeys((E.IN_HISTORY, E.MARKED_POSTED), S.SUCCEEDED),
        **dict.fromkeys((E.NOT_IN_HISTORY, E.HISTORY_UNREADABLE_RESEND), S.QUEUED),
        **dict.fromkeys((E.ATTEMPTS_EXHAUSTED, E.EXPIRED), S.FAILED),
        E.HISTORY_UNREADABLE_HOLD: S.HELD,
        E.CANCELLED: S.CANCELLED,
    },
    S.HELD: {E.MARKED_POSTED: S.SUCCEEDED, E.RETRIED: S.QUEUED},
    S.FAILED: {E.RETRIED: S.QUEUED},
    S.MISSED: {E.RETRIED: S.QUEUED},
    S.CANCELLED: {E.ENQUEUED_AGAIN: S.QUEUED, E.SKIPPED: S.SKIPPED},
}


@pytest.mark.parametrize(("state", "event"), list(product(JobState, Event)), ids=str)
def test_each_event_moves_a_job_as_written_or_is_refused(state: JobState, event: Event) -> None:
    expected = LIVES.get(state, {}).get(event)
    if expected is not None:
        assert after(state, event) is expected
        return
    with pytest.raises(ValueError, match=f"a job that is {state.value} cannot be {event.value}"):
        after(state, event)


def test_what_was_posted_or_skipped_never_moves_again() -> None:
    assert {state for state in JobState if not any(before is state for before, _ in MOVES)} == OVER


def test_every_state_but_the_first_is_reached_by_some_move() -> None:
    assert set(MOVES.values()) == set(JobState)


def test_every_event_can_happen() -> None:
    assert {event for _, event in MOVES} | set(NEW) == set(Event)


@pytest.fixture
def history(tmp_path: Path) -> Iterator[JobHistory]:
    with new_job_history(tmp_path) as made:
        yield made


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        pytest.param("state = 'running'", "running_is_leased", id="a running job has a lease"),
        pytest.param("lease_until = 5, token = 5", "running_is_leased", id="none but a running job has one"),
        pytest.param("state = 'running', lease_until = 5", "running_has_a_token", id="a running job has a token"),
        pytest.param("token = 5", "running_has_a_token", id="none but a running job has one of these"),
        pytest.param("state = 'succeeded'", "success_has_a_ts", id="a success names its message"),
        pytest.param("state = 'lost'", "state_known", id="no state is made up"),
        pytest.param("parked = 2", "parked_is_yes_or_no", id="parked or not"),
    ],
)
def test_the_table_itself_refuses(history: JobHistory, change: str, rule: str) -> None:
    job = history.add_job(history.add_schedule("daily"), "queued")
    with pytest.raises(apsw.ConstraintError, match=rule), history.db.writing():
        history.db.execute(f"UPDATE jobs SET {change} WHERE id = :job", {"job": job})  # noqa: S608 (of the table above)
    assert history.state(job) == "queued"


def test_a_second_job_of_one_occurrence_is_refused(history: JobHistory) -> None:
    schedule = history.add_schedule("daily")
    history.add_job(schedule, "queued")
    with pytest.raises(apsw.ConstraintError, match=r"jobs\.schedule_id, jobs\.due_at"):
        history.add_job(schedule, "queued")


def test_an_ended_attempt_can_not_be_changed(history: JobHistory) -> None:
    job = history.add_job(history.add_schedule("daily"), "failed", attempts=1)
    history.add_attempt(job, outcome="not_posted")
    with pytest.raises(apsw.ConstraintError, match="never updated once it has ended"), history.db.writing():
        history.db.execute("UPDATE attempts SET outcome = 'posted', ts = '1.1'")


def test_a_version_of_a_schedule_can_not_be_changed(history: JobHistory) -> None:
    history.add_schedule("daily")
    with pytest.raises(apsw.ConstraintError, match="a version is never updated"), history.db.writing():
        history.db.execute("UPDATE schedule_versions SET channel = 'C2'")


@pytest.mark.parametrize(
    ("outcome", "ts", "rule"),
    [
        pytest.param("posted", None, "posted_has_a_ts", id="what was posted names its message"),
        pytest.param("perhaps", None, "outcome_known", id="no outcome is made up"),
        pytest.param(None, None, "an_end_has_an_outcome", id="an end has an outcome"),
    ],
)
def test_an_attempt_is_refused(history: JobHistory, outcome: str | None, ts: str | None, rule: str) -> None:
    job = history.add_job(history.add_schedule("daily"), "failed", attempts=1)
    with pytest.raises(apsw.ConstraintError, match=rule):
        history.add_attempt(job, outcome=outcome, ts=ts)
