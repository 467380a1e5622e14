"""Rescue running jobs whose worker is gone: queue what was not sent, and look up what was."""

from dataclasses import dataclass

from schedbot.model import JobState, Outcome
from schedbot.rules.lifecycle import Event, after
from schedbot.store.database import Database
from schedbot.store.jobs import pacing

QUEUED = after(JobState.RUNNING, Event.WORKER_DIED_UNSENT)
UNKNOWN = after(JobState.RUNNING, Event.WORKER_DIED_SENT)
UPDATED_AGAIN = after(JobState.RUNNING, Event.NOT_POSTED)
ERROR = "worker_lost"

MAX_CLOCK_CHANGE_MS = 600_000
# A lease that ends too far ahead was written before somebody set the clock back.
EXPIRED = """
SELECT id, token, lease_until FROM jobs
 WHERE state = 'running' AND (lease_until < :now OR lease_until > :too_far)
 LIMIT 1000
"""

OPEN_ATTEMPT = """
SELECT number, workspace_id, channel, sent_at, method FROM attempts WHERE job_id = :job_id AND ended_at IS NULL
"""

# A look-up is at its instant; an update of a message may be repeated at once.
RESCUE_SENT = """
UPDATE jobs
   SET state = :state, available_at = CASE WHEN :is_update THEN max(available_at, :at) ELSE :at END,
       spent = spent + 1, error = :error, token = NULL, lease_until = NULL
 WHERE id = :job_id AND token = :token AND state = 'running'
"""

RESCUE_UNSENT = """
UPDATE jobs
   SET state = :queued, available_at = max(available_at, :now), token = NULL, lease_until = NULL
 WHERE id = :job_id AND token = :token AND state = 'running'
"""

END_ATTEMPT = """
UPDATE attempts SET ended_at = :now, outcome = :outcome, error = :error
 WHERE job_id = :job_id AND number = :number AND ended_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class ExpiredLease:
    """A running job whose lease has passed."""

    id: int
    token: int
    lease_until: int


@dataclass(frozen=True, slots=True)
class OpenAttempt:
    """An attempt without an end. `sent_at` None: its request was not sent."""

    number: int
    workspace_id: str
    channel: str
    sent_at: int | None
    method: str = "post"


def list_expired_leases(db: Database, now: int, lease_ms: int) -> list[ExpiredLease]:
    """Return running jobs whose lease ended before `now`, or ends later than any lease of this clock."""
    return db.all(ExpiredLease, EXPIRED, {"now": now, "too_far": now + 3 * lease_ms + MAX_CLOCK_CHANGE_MS})


def rescue_job(db: Database, job_id: int, token: int, now: int, window_ms: int) -> JobState | None:
    """Take the job from a worker that is gone. Inside a transaction.

    If no request was sent, or one that updates a message, the job is `queued` again; else `unknown`, to be looked up
    `window_ms` after it was sent. Until then its message may arrive, so its channel is held.
    Returns the state, or None if a newer claim holds the job.
    """
    claim = {"job_id": job_id, "token": token}
    attempt = db.first(OpenAttempt, OPEN_ATTEMPT, {"job_id": job_id})
    if attempt is None or attempt.sent_at is None:
        return QUEUED if db.execute(RESCUE_UNSENT, {**claim, "now": now, "queued": QUEUED}) else None
    is_update = attempt.method == "update"
    state, outcome = (UPDATED_AGAIN, Outcome.NOT_POSTED) if is_update else (UNKNOWN, Outcome.UNKNOWN)
    arrived_at = min(attempt.sent_at, now) + window_ms
    at = now if is_update else arrived_at
    if not db.execute(RESCUE_SENT, {**claim, "state": state, "is_update": is_update, "at": at, "error": ERROR}):
        return None
    ended = {"job_id": job_id, "number": attempt.number, "now": now, "outcome": outcome, "error": ERROR}
    db.execute(END_ATTEMPT, ended)
    pacing.hold(db, attempt.workspace_id, pacing.POST, attempt.channel, now, arrived_at)
    return state
