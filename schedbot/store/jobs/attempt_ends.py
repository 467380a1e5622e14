"""End attempts: the result of a post and the next state of its job, each under the token of its claim, written once.

The functions take the ends of one commit, and write them by a few statements for all.
"""

from collections.abc import Sequence
from typing import NamedTuple

from schedbot.model import AttemptResult, JobState, Outcome
from schedbot.rules.lifecycle import Event, after
from schedbot.store.database import Database
from schedbot.store.jobs import pacing
from schedbot.store.jobs.pacing import ChannelRelease
from schedbot.store.jobs.settlement import SETTLED

QUEUED = JobState.QUEUED
CANCELLED = after(JobState.RUNNING, Event.CANCELLED)
NO_RELEASE = (None, None, None, None)

# The ends of one commit, as `end_values` returns them.
ENDS = """
CREATE TEMP TABLE IF NOT EXISTS ends (
  place INTEGER PRIMARY KEY, job_id, token, number, ended_at, outcome, error, detail, http_status, ts, lateness_ms,
  was_sent, state, available_at, job_error, spent, workspace_id, channel, free_at, kept_until
)
"""
ADD_END = "INSERT INTO ends VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
CLEAR_ENDS = "DELETE FROM ends"

# Of jobs that are not queued again: their schedules and workspaces do not matter any more.
SETTLE_FINALLY = """
UPDATE jobs
   SET state = ends.state, available_at = ends.available_at, error = ends.job_error, spent = ends.spent,
       parts_posted = parts_posted + (ends.outcome = 'posted'),
       ts = CASE WHEN parts_posted = 0 THEN ends.ts ELSE jobs.ts END,
       lateness_ms = CASE WHEN parts_posted = 0 THEN ends.lateness_ms ELSE jobs.lateness_ms END,
       token = NULL, lease_until = NULL
  FROM ends
 WHERE jobs.id = ends.job_id AND jobs.token = ends.token AND jobs.state = 'running' AND jobs.attempts = ends.number
   AND ends.state <> 'queued'
"""

SETTLE = f"""
UPDATE jobs
   SET {SETTLED}, spent = :spent, token = NULL, lease_until = NULL
 WHERE id = :job_id AND token = :token AND state = 'running' AND attempts = :number
RETURNING state
"""

# Ends whose claim has lost its job, or whose attempt was never written: nothing of them is written.
LOST = """
DELETE FROM ends
 WHERE NOT EXISTS (SELECT 1 FROM jobs j CROSS JOIN attempts a ON a.job_id = j.id AND a.number = j.attempts
                    WHERE j.id = ends.job_id AND j.attempts = ends.number AND j.state <> 'running'
                      AND a.ended_at IS NULL)
"""
PLACES = "SELECT place FROM ends"

# The term with + keeps SQLite from the index of open attempts, from which it would have to go on to the row.
END = """
UPDATE attempts
   SET ended_at = ends.ended_at, outcome = ends.outcome, error = ends.error, detail = ends.detail,
       http_status = ends.http_status, ts = ends.ts, lateness_ms = ends.lateness_ms,
       sent_at = CASE WHEN ends.was_sent THEN sent_at END
  FROM ends
 WHERE attempts.job_id = ends.job_id AND attempts.number = ends.number AND +attempts.ended_at IS NULL
"""


class AttemptEnd(NamedTuple):
    """Result of an attempt, and the next state of its job. `release`: of its channel; None: nobody looks for it."""

    job_id: int
    token: int
    number: int
    ended_at: int
    result: AttemptResult
    state: JobState
    available_at: int
    spent: int
    lateness_ms: int | None = None
    release: ChannelRelease | None = None


def end_all(db: Database, ends: Sequence[AttemptEnd]) -> list[JobState | None]:
    """Write the ends of attempts, the next states of their jobs, and the releases of channels. In a transaction.

    Returns the states that were written: no job is queued for a schedule that is off by now. None, and nothing
    written, if a newer claim holds the job, or the attempt was never written.
    """
    db.execute(ENDS)
    db.execute_many(ADD_END, [end_values(place, end) for place, end in enumerate(ends)])
    states: list[JobState | None] = [end.state for end in ends]
    written = db.execute(SETTLE_FINALLY)
    for place, end in enumerate(ends):
        if end.state is QUEUED:
            states[place] = queue_again(db, end)
            written += states[place] is not None
    if written < len(ends):
        db.execute(LOST)
        places = set(db.integers(PLACES))
        states = [state if place in places else None for place, state in enumerate(states)]
    db.execute(END)
    if any(end.release for end in ends):
        db.execute(pacing.RELEASE_FOR_ENDS)
    db.execute(CLEAR_ENDS)
    return states


def end_values(place: int, end: AttemptEnd) -> Sequence[str | int | None]:
    """Return the row of an end."""
    result = end.result
    return (
        place,
        end.job_id,
        end.token,
        end.number,
        end.ended_at,
        result.outcome,
        result.error,
        None if result.detail is None else escape_surrogates(result.detail),
        result.http_status,
        result.ts,
        end.lateness_ms,
        result.was_sent,
        end.state,
        end.available_at,
        find_job_error(end),
        end.spent,
        *(end.release or NO_RELEASE),
    )


def queue_again(db: Database, end: AttemptEnd) -> JobState | None:
    """Queue a job again, or cancel it if its schedule is off by now. Return its state; None: the claim is lost."""
    bindings: dict[str, object] = {
        "job_id": end.job_id,
        "token": end.token,
        "number": end.number,
        "state": end.state,
        "cancelled": CANCELLED,
        "available_at": end.available_at,
        "spent": end.spent,
        "error": find_job_error(end),
        "ts": end.result.ts,
        "posted": int(end.result.outcome is Outcome.POSTED),
        "lateness_ms": end.lateness_ms,
    }
    state = db.text_or_none(SETTLE, bindings)
    return None if state is None else JobState(state)


def find_job_error(end: AttemptEnd) -> str | None:
    """Return the error that the job has after an attempt: none after a post, unless it ends the job."""
    if end.result.error is None:
        return None
    is_over = end.result.outcome is Outcome.POSTED and end.state is not JobState.FAILED
    return None if is_over else escape_surrogates(end.result.error)


def escape_surrogates(text: str) -> str:
    """Return the text with lone surrogates escaped: a report may quote them, and SQLite refuses them."""
    return text.encode(errors="backslashreplace").decode()
