"""Statements of `restore`: jobs that may have been posted after the backup, and their settlement."""

from collections.abc import Mapping
from dataclasses import dataclass

from schedbot.model import JobState, Outcome, TokenSource
from schedbot.rules.lifecycle import Event, after
from schedbot.store.database import Database
from schedbot.store.history.job_days import day_of

ERROR = "restored"

BACKED_UP_AT = """
SELECT coalesce((SELECT backed_up_at FROM installation),
                (SELECT max(beat_at) FROM heartbeats WHERE kind IN ('tick', 'pool', 'command')))
"""

# Of a running job, the request may have left; its pool is gone.
END_ATTEMPTS = """
UPDATE attempts SET ended_at = :now, outcome = CASE WHEN sent_at IS NULL THEN :lost ELSE :unknown END, error = :error
 WHERE ended_at IS NULL
"""
RELEASE = """
UPDATE jobs
   SET state = CASE WHEN EXISTS (SELECT 1 FROM attempts a
                                  WHERE a.job_id = jobs.id AND a.number = jobs.attempts AND a.sent_at IS NOT NULL
                                    AND a.outcome = 'unknown')
                    THEN :unknown ELSE :queued END,
       token = NULL, lease_until = NULL
 WHERE state = 'running'
"""
DELETE_POOLS = "DELETE FROM heartbeats WHERE kind = 'pool'"

# The channel of the last attempt, or of the schedule now. A reply in a thread is not in the channel's history.
CANDIDATES = """
SELECT j.id, j.schedule_id, j.due_at, j.state, coalesce(j.deferred_to, j.due_at) AS scheduled_at, j.workspace_id,
       w.name AS workspace, w.token_kind AS "source.kind", w.token_place AS "source.place",
       coalesce(a.channel, v.channel) AS channel, v.thread <> 'none' OR a.thread_ts IS NOT NULL AS is_in_thread
  FROM jobs j
  JOIN schedules s ON s.id = j.schedule_id
  JOIN schedule_versions v ON v.schedule_id = s.id AND v.version = s.version
  JOIN workspaces w ON w.id = j.workspace_id
  LEFT JOIN attempts a ON a.job_id = j.id AND a.number = j.attempts
 WHERE j.due_at <= :now
   AND (j.state IN ('queued', 'unknown', 'held') OR j.state = 'missed' AND j.id > :last)
"""

SUCCEED = """
UPDATE jobs SET state = :succeeded, ts = :ts, error = NULL, lateness_ms = :lateness_ms, parked = 0
 WHERE id = :id AND state = :before
"""
HOLD = "UPDATE jobs SET state = :held, error = :error, parked = 0 WHERE id = :id AND state = :before"
QUEUE = """
UPDATE jobs
   SET state = :queued, available_at = max(available_at, :now),
       parked = EXISTS (SELECT 1 FROM workspaces w WHERE w.id = jobs.workspace_id AND w.paused_at IS NOT NULL)
 WHERE id = :id AND state = :before
"""

POSTED = f"""
SELECT ts FROM jobs
 WHERE day = {day_of(":due_at")} AND schedule_id = :schedule_id AND due_at = :due_at AND state = 'succeeded'
"""
CLEAR = "UPDATE installation SET backed_up_at = NULL"


@dataclass(frozen=True, slots=True)
class RestoredJob:
    """A job that may have been posted after the backup."""

    id: int
    schedule_id: str
    due_at: int
    state: JobState
    scheduled_at: int
    workspace_id: str
    workspace: str
    source: TokenSource
    channel: str
    is_in_thread: bool


def get_backed_up_at(db: Database) -> int | None:
    """Return the instant of the backup; of a plain copy that of its last heartbeat; None without one."""
    return db.integer_or_none(BACKED_UP_AT)


def end_pools(db: Database, now: int) -> None:
    """Take the running jobs from the pools of the backup: what had left is of unknown outcome. In a transaction."""
    unknown, lost = Outcome.UNKNOWN, Outcome.LOST_UNSENT
    db.execute(END_ATTEMPTS, {"now": now, "lost": lost, "unknown": unknown, "error": "worker_lost"})
    states = {
        "unknown": after(JobState.RUNNING, Event.WORKER_DIED_SENT),
        "queued": after(JobState.RUNNING, Event.WORKER_DIED_UNSENT),
    }
    db.execute(RELEASE, states)
    db.execute(DELETE_POOLS)
    db.execute(CLEAR)


def get_last_id(db: Database) -> int:
    """Return the number of the newest job; 0 without one."""
    return db.integer_or_none("SELECT max(id) FROM jobs") or 0


def list_candidates(db: Database, last: int, now: int) -> list[RestoredJob]:
    """Return the jobs due up to now that are open or held, and the missed ones that are newer than the job `last`."""
    return db.all(RestoredJob, CANDIDATES, {"last": last, "now": now})


def succeed(db: Database, job: RestoredJob, ts: str, lateness_ms: int) -> None:
    """Record that a job was posted after the backup. A missed one is queued first. Inside a transaction."""
    state = job.state
    if state is JobState.MISSED:
        state = after(state, Event.RETRIED)
        db.execute(QUEUE, {"id": job.id, "before": job.state, "queued": state, "now": 0})
    succeeded = after(state, Event.MARKED_POSTED if state is JobState.HELD else Event.IN_HISTORY)
    bindings: Mapping[str, object] = {"id": job.id, "before": state, "succeeded": succeeded, "ts": ts}
    db.execute(SUCCEED, {**bindings, "lateness_ms": lateness_ms})


def hold(db: Database, job: RestoredJob) -> None:
    """Hold a job that may have been posted: no record shows it. Inside a transaction."""
    held = after(job.state, Event.HISTORY_UNREADABLE_HOLD)
    db.execute(HOLD, {"id": job.id, "before": job.state, "held": held, "error": ERROR})


def queue(db: Database, job: RestoredJob, now: int) -> None:
    """Queue a job of unknown outcome that was not posted. Inside a transaction."""
    queued = after(job.state, Event.NOT_IN_HISTORY)
    db.execute(QUEUE, {"id": job.id, "before": job.state, "queued": queued, "now": now})


def find_ts(db: Database, job: RestoredJob) -> str | None:
    """Return the ts with which another database has the job as posted, or None."""
    return db.text_or_none(POSTED, {"schedule_id": job.schedule_id, "due_at": job.due_at})
