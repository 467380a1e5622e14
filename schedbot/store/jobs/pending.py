"""What waits for a schedule is taken back when the schedule changes; what has left is never touched.

A job waits while it is queued, or running with no attempt on its way to Slack. A running one loses its token, so the
pool that holds it can neither send nor settle it: `lifecycle.MOVES` has the moves, each statement its guard.
"""

from dataclasses import dataclass

from schedbot.model import JobState, Schedule
from schedbot.rules.lifecycle import Event, after
from schedbot.rules.misfire import MIN_GRACE_MS
from schedbot.store.database import Database

CANCELLED = after(JobState.QUEUED, Event.CANCELLED)
GIVEN_BACK = after(JobState.RUNNING, Event.RELEASED)

# An attempt with sent_at and no end is on its way, or may be.
WAITS = """
       jobs.state IN ('queued', 'running')
   AND NOT EXISTS (SELECT 1 FROM attempts a
                    WHERE a.job_id = jobs.id AND a.ended_at IS NULL AND a.sent_at IS NOT NULL)
"""

WAITING = f"SELECT id, due_at, state FROM jobs WHERE schedule_id = :schedule_id AND {WAITS} ORDER BY due_at"

SETTLE = f"""
UPDATE jobs SET state = :state, error = :error, token = NULL, lease_until = NULL
 WHERE schedule_id = :schedule_id AND (:due_at IS NULL OR due_at = :due_at) AND {WAITS}
"""

# Another grace moves the deadline by as much: one that a person put off stays put off. What was asked for has not used
# up any grace yet, so a shorter one takes none of its time.
FOLLOW = f"""
UPDATE jobs
   SET state = :state, token = NULL, lease_until = NULL, workspace_id = :workspace_id,
       parked = (SELECT paused_at IS NOT NULL FROM workspaces WHERE id = :workspace_id),
       deadline_at = deadline_at + CASE WHEN asked_for THEN max(:longer_ms, 0) ELSE :longer_ms END
 WHERE schedule_id = :schedule_id AND {WAITS}
"""

# Put off from before a pause to after it, so it did not fall into it.
OVER_A_PAUSE = """
 WHERE schedule_id = :schedule_id AND due_at <= :now AND deferred_to > :now
   AND state = 'cancelled' AND error = 'schedule_paused'
"""

TAKE_UP = f"""
UPDATE jobs
   SET state = 'queued', error = NULL, workspace_id = :workspace_id,
       parked = (SELECT paused_at IS NOT NULL FROM workspaces WHERE id = :workspace_id)
{OVER_A_PAUSE}
"""

GIVE_UP = f"UPDATE jobs SET error = :error {OVER_A_PAUSE}"

SKIP_IN_ADVANCE = """
INSERT INTO jobs (schedule_id, workspace_id, due_at, available_at, deadline_at, state, error)
VALUES (:schedule_id, :workspace_id, :due_at, :due_at, :due_at, 'skipped', :error)
ON CONFLICT (schedule_id, due_at) DO UPDATE SET state = excluded.state, error = excluded.error
 WHERE jobs.state = 'cancelled' AND jobs.attempts = 0
"""

SKIPPED = """
SELECT schedule_id, due_at, error FROM jobs
 WHERE due_at > :after AND state = 'skipped' AND (:schedule_id IS NULL OR schedule_id = :schedule_id)
"""

EXTRA = """
INSERT INTO jobs (schedule_id, workspace_id, due_at, available_at, deadline_at, state, parked, asked_for)
SELECT :schedule_id, w.id, :due_at, :now, :due_at + :grace_ms, 'queued', w.paused_at IS NOT NULL, 1
  FROM workspaces w
 WHERE w.id = :workspace_id
ON CONFLICT (schedule_id, due_at) DO NOTHING
RETURNING id
"""


@dataclass(frozen=True, slots=True)
class PendingJob:
    """A job that can still be taken back."""

    id: int
    due_at: int
    state: JobState


@dataclass(frozen=True, slots=True)
class ExtraJob:
    """A job as `run-now` tells it."""

    id: int
    due_at: int
    state: JobState
    error: str | None
    lateness_ms: int | None


def list_pending(db: Database, schedule_id: str) -> list[PendingJob]:
    """What waits for a schedule, in order of time."""
    return [
        PendingJob(number, due_at, JobState(state))
        for number, due_at, state in db.rows(WAITING, {"schedule_id": schedule_id})
    ]


def cancel(db: Database, schedule_id: str, error: str, due_at: int | None = None) -> int:
    """Cancel what waits (or only the occurrence `due_at`), for the reason `error`. Returns how many jobs that were."""
    row = {"schedule_id": schedule_id, "state": CANCELLED, "error": error, "due_at": due_at}
    return db.execute(SETTLE, row)


def requeue_deferred(db: Database, schedule: Schedule, now: int) -> int:
    """Let what a pause cancelled, and a calendar had put off to after `now`, wait again. Returns how many."""
    return db.execute(TAKE_UP, {"schedule_id": schedule.id, "workspace_id": schedule.workspace_id, "now": now})


def keep_cancelled(db: Database, schedule_id: str, error: str, now: int) -> None:
    """Let such a job stay cancelled, for the reason `error`: the rule that it was of is no more."""
    db.execute(GIVE_UP, {"schedule_id": schedule_id, "error": error, "now": now})


def skip(db: Database, schedule: Schedule, due_at: int, error: str) -> bool:
    """Drop one occurrence, whether it waits or is yet to be enqueued. False: it has left, or is settled."""
    row = {"schedule_id": schedule.id, "due_at": due_at, "error": error}
    if db.execute(SETTLE, {**row, "state": JobState.SKIPPED}):
        return True
    return db.execute(SKIP_IN_ADVANCE, {**row, "workspace_id": schedule.workspace_id}) == 1


def follow_schedule(db: Database, schedule: Schedule, longer_ms: int) -> int:
    """Let what waits go on under the schedule as it now stands; deadlines move by `longer_ms`. Returns how many."""
    row = {
        "schedule_id": schedule.id,
        "state": GIVEN_BACK,
        "workspace_id": schedule.workspace_id,
        "longer_ms": longer_ms,
    }
    return db.execute(FOLLOW, row)


def list_skipped(db: Database, after: int, schedule_id: str | None = None) -> dict[tuple[str, int], str]:
    """Occurrences to come that are dropped already: (schedule's id, due_at) -> why."""
    rows = db.rows(SKIPPED, {"after": after, "schedule_id": schedule_id})
    return {(number, due_at): error or "skipped" for number, due_at, error in rows}


def enqueue_extra(db: Database, schedule: Schedule, now: int) -> ExtraJob:
    """Enqueue one job beside the occurrences, due now, or a millisecond later. Inside a transaction."""
    due_at = now
    while True:
        due_at += due_at % 1000 == 0
        row = {
            "schedule_id": schedule.id,
            "workspace_id": schedule.workspace_id,
            "due_at": due_at,
            "now": now,
            "grace_ms": max(schedule.terms.grace_ms, MIN_GRACE_MS),
        }
        written = db.rows(EXTRA, row)
        if written:
            return ExtraJob(written[0][0], due_at, JobState.QUEUED, None, None)
        due_at += 1


def get_job(db: Database, number: int) -> ExtraJob:
    """One job. Raises LookupError for a number that was never given."""
    job = db.first(ExtraJob, "SELECT id, due_at, state, error, lateness_ms FROM jobs WHERE id = :id", {"id": number})
    if job is None:
        raise LookupError(f"job {number}")
    return job
