"""Lifecycle of a job: the moves of each state, and the constraints of the tables."""

from collections.abc import Iterator
from itertools import product
from pathlib import Path

import apsw
import pytest

from schedbot.model import JobState
from schedbot.rules.lifecycle import MOVES, NEW, Event, after
from tests.support.job_history import JobHistory, new_job_history

S, E = JobState, Event
FINAL = {S.SUCCEEDED}
# All moves, written out by hand: a change of the table must be made here too.
EXPECTED = {
    S.QUEUED: {
        E.CLAIMED: S.RUNNING,
        E.CANCELLED: S.CANCELLED,
        E.SKIPPED: S.SKIPPED,
        **dict.fromkeys((E.SKIPPED_AFTER_ATTEMPT, E.EXPIRED), S.FAILED),
        E.EXPIRED_UNTRIED: S.MISSED,
        E.IN_HISTORY: S.SUCCEEDED,
        E.HISTORY_UNREADABLE_HOLD: S.HELD,
    },
    S.RUNNING: {
        E.POSTED: S.SUCCEEDED,
        E.THREAD_GONE: S.QUEUED,
        E.PART_POSTED: S.QUEUED,
        **dict.fromkeys(
            (
                E.RELEASED,
                E.RATE_LIMITED,
                E.WORKSPACE_PAUSED,
                E.TOKEN_ROTATED,
                E.NOT_POSTED,
                E.NOT_READY,
                E.WORKER_DIED_UNSENT,
            ),
            S.QUEUED,
        ),
        E.TOKEN_AWAITED: S.QUEUED,
        **dict.fromkeys((E.REFUSED, E.ATTEMPTS_EXHAUSTED, E.EXPIRED, E.SKIPPED_AFTER_ATTEMPT), S.FAILED),
        **dict.fromkeys((E.OUTCOME_UNKNOWN, E.WORKER_DIED_SENT), S.UNKNOWN),
        E.EXPIRED_UNTRIED: S.MISSED,
        **dict.fromkeys((E.SKIPPED, E.NOTHING_TO_REPORT), S.SKIPPED),
        E.CANCELLED: S.CANCELLED,
    },
    S.UNKNOWN: {
        **dict.fromkeys((E.IN_HISTORY, E.MARKED_POSTED), S.SUCCEEDED),
        E.PART_POSTED: S.QUEUED,
        **dict.fromkeys((E.NOT_IN_HISTORY, E.HISTORY_UNREADABLE_RESEND), S.QUEUED),
        **dict.fromkeys((E.REFUSED, E.ATTEMPTS_EXHAUSTED, E.EXPIRED), S.FAILED),
        **dict.fromkeys((E.HISTORY_UNREADABLE_HOLD, E.CODE_UNLISTED), S.HELD),
        E.CANCELLED: S.CANCELLED,
    },
    S.HELD: {E.MARKED_POSTED: S.SUCCEEDED, E.PART_POSTED: S.QUEUED, E.RETRIED: S.QUEUED},
    S.FAILED: {E.RETRIED: S.QUEUED},
    S.MISSED: {E.RETRIED: S.QUEUED},
    S.CANCELLED: {E.ENQUEUED_AGAIN: S.QUEUED, E.SKIPPED: S.SKIPPED, E.RETRIED: S.QUEUED},
    S.SKIPPED: {E.RETRIED: S.QUEUED},
}


@pytest.mark.parametrize(("state", "event"), list(product(JobState, Event)), ids=str)
def test_each_event_moves_a_job_or_raises(state: JobState, event: Event) -> None:
    expected = EXPECTED.get(state, {}).get(event)
    if expected is not None:
        assert after(state, event) is expected
        return
    with pytest.raises(ValueError, match=f"a job that is {state.value} cannot be {event.value}"):
        after(state, event)


def test_final_states_have_no_moves() -> None:
    assert {state for state in JobState if not any(before is state for before, _ in MOVES)} == FINAL


def test_moves_reach_every_state() -> None:
    assert set(MOVES.values()) == set(JobState)


def test_every_event_has_a_move() -> None:
    assert {event for _, event in MOVES} | set(NEW) == set(Event)


@pytest.fixture
def history(tmp_path: Path) -> Iterator[JobHistory]:
    with new_job_history(tmp_path) as history:
        yield history


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        pytest.param("state = 'running'", "running_is_leased", id="a running job has a lease"),
        pytest.param("lease_until = 5, token = 5", "running_is_leased", id="only a running job has a lease"),
        pytest.param("state = 'running', lease_until = 5", "running_has_a_token", id="a running job has a token"),
        pytest.param("token = 5", "running_has_a_token", id="only a running job has a token"),
        pytest.param("state = 'succeeded'", "success_has_a_ts", id="a success has a ts"),
        pytest.param("state = 'lost'", "state_known", id="unknown state"),
        pytest.param("parked = 2", "parked_is_yes_or_no", id="parked is 0 or 1"),
        pytest.param("kind = 'other'", "kind_known", id="unknown kind"),
        pytest.param("state = 'cancelled'", "cancelled_has_a_reason", id="a cancelled job has a reason"),
        pytest.param("cancel_reason = 'other'", "cancel_reason_known", id="unknown cancel reason"),
        pytest.param("cancel_reason = 'schedule_edited'", "has_a_cancel_reason", id="a queued job has no reason"),
    ],
)
def test_jobs_table_rejects(history: JobHistory, change: str, rule: str) -> None:
    job = history.add_job(history.add_schedule("daily"), "queued")
    with pytest.raises(apsw.ConstraintError, match=rule), history.db.writing():
        history.db.execute(f"UPDATE jobs SET {change} WHERE id = :job", {"job": job})  # noqa: S608 (a parameter of this test)
    assert history.state(job) == "queued"


def test_jobs_table_rejects_a_second_job_of_an_occurrence(history: JobHistory) -> None:
    schedule = history.add_schedule("daily")
    history.add_job(schedule, "queued")
    with pytest.raises(apsw.ConstraintError, match=r"jobs\.schedule_id, jobs\.due_at"):
        history.add_job(schedule, "queued")


def test_ended_attempt_cannot_be_changed(history: JobHistory) -> None:
    job = history.add_job(history.add_schedule("daily"), "failed", attempts=1)
    history.add_attempt(job, outcome="not_posted")
    with pytest.raises(apsw.ConstraintError, match="an ended attempt is never updated"), history.db.writing():
        history.db.execute("UPDATE attempts SET outcome = 'posted', ts = '1.1'")


def test_schedule_version_cannot_be_changed(history: JobHistory) -> None:
    history.add_schedule("daily")
    with pytest.raises(apsw.ConstraintError, match="a schedule version is never updated"), history.db.writing():
        history.db.execute("UPDATE schedule_versions SET channel = 'C2'")


@pytest.mark.parametrize(
    ("outcome", "ts", "rule"),
    [
        pytest.param("posted", None, "posted_has_a_ts", id="a posted attempt has a ts"),
        pytest.param("perhaps", None, "outcome_known", id="unknown outcome name"),
        pytest.param(None, None, "ended_has_an_outcome", id="an ended attempt has an outcome"),
    ],
)
def test_attempts_table_rejects(history: JobHistory, outcome: str | None, ts: str | None, rule: str) -> None:
    job = history.add_job(history.add_schedule("daily"), "failed", attempts=1)
    with pytest.raises(apsw.ConstraintError, match=rule):
        history.add_attempt(job, outcome=outcome, ts=ts)
