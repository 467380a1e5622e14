"""Queue jobs again for a person, if they are still in the state that the person saw.

Earlier attempts stay as they are, and the next attempt takes the next number. Instants are UTC milliseconds.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from schedbot.model import CancelReason, JobState, ScheduleState
from schedbot.rules.lifecycle import MOVES, Event, after
from schedbot.store.database import Database
from schedbot.store.history import filters
from schedbot.store.history.filters import Filter

RETRIABLE = tuple(state for state, event in MOVES if event is Event.RETRIED)
RETRIED = after(JobState.FAILED, Event.RETRIED)

CANDIDATES = """
SELECT j.id AS job, j.due_at AS due_at, j.deadline_at, j.state, coalesce(j.cancel_reason, j.error) AS error,
       j.cancel_reason,
       s.name AS schedule, s.state AS schedule_state, s.reason AS schedule_reason, w.id AS workspace_id,
       w.name AS workspace, w.paused_at IS NOT NULL AS parked, v.channel, v.grace_ms, r.tz
  FROM jobs j
  JOIN schedules s ON s.id = j.schedule_id
  JOIN schedule_versions v ON v.schedule_id = s.id AND v.version = s.version
  JOIN workspaces w ON w.id = CASE WHEN j.parts_posted > 0 THEN j.workspace_id ELSE s.workspace_id END
  JOIN recurrences r ON r.id = s.recurrence_id
"""

# Both read rows of [job, state before, available_at, deadline_at, parked, workspace_id] from :retries.
RECORD = """
INSERT INTO changes (changed_at, actor, host, command, workspace_id, kind, object_id, name, before, after)
SELECT :now, :actor, :host, 'retry', j.workspace_id, 'job', CAST(j.id AS TEXT), s.name,
       json_object('state', j.state, 'error', coalesce(j.cancel_reason, j.error)),
       json_object('state', :queued, 'error', NULL)
  FROM json_each(:retries) r
  JOIN jobs j ON j.id = r.value ->> 0 AND j.state = r.value ->> 1
  JOIN schedules s ON s.id = j.schedule_id
"""

REQUEUE = """
UPDATE jobs
   SET state = :queued, available_at = r.value ->> 2, deadline_at = r.value ->> 3, parked = r.value ->> 4,
       workspace_id = r.value ->> 5, spent = 0, error = NULL, cancel_reason = NULL, is_requested = 1,
       acknowledged = NULL, stored_at = CASE WHEN parts_posted > 0 THEN stored_at END,
       parts = CASE WHEN parts_posted > 0 THEN parts ELSE 1 END
  FROM json_each(:retries) r
 WHERE jobs.id = r.value ->> 0 AND jobs.state = r.value ->> 1
"""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A job that may be sent again, with the present state of its schedule and workspace."""

    job: int
    due_at: int
    deadline_at: int
    state: JobState
    error: str | None
    cancel_reason: CancelReason | None
    schedule: str
    schedule_state: ScheduleState
    schedule_reason: str | None
    workspace_id: str
    workspace: str
    parked: bool
    channel: str
    grace_ms: int
    tz: str


@dataclass(frozen=True, slots=True)
class Retry:
    """A job to queue again if it is still in the state `before`, in the present workspace of its schedule."""

    job: int
    before: JobState
    available_at: int
    deadline_at: int
    parked: bool
    workspace_id: str


def list_candidates(db: Database, job_filter: Filter) -> Iterator[Candidate]:
    """Yield the jobs that the filter matches, in order of due_at."""
    sql = filters.of_jobs(CANDIDATES, job_filter, "due_at, job")
    return db.each(Candidate, sql, filters.bindings(job_filter))


def requeue(db: Database, retries: Sequence[Retry], actor: str, host: str, now: int) -> int:
    """Queue the jobs again, and record the changes. Returns the number of jobs. Inside a transaction."""
    rows = [
        (retry.job, retry.before, retry.available_at, retry.deadline_at, int(retry.parked), retry.workspace_id)
        for retry in retries
    ]
    bindings = {"retries": json.dumps(rows), "queued": RETRIED}
    db.execute(RECORD, {**bindings, "actor": actor, "host": host, "now": now})
    return db.execute(REQUEUE, bindings)
