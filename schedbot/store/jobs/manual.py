"""Jobs that a person settles: sent again, or marked as posted. The guard is in each WHERE: the state that was seen.

Earlier attempts stay as they are, and the next one takes the next number. Instants are UTC milliseconds.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from schedbot.model import JobState, ScheduleState
from schedbot.rules.lifecycle import MOVES, Event, after
from schedbot.store.database import Database
from schedbot.store.history import filters
from schedbot.store.history.filters import Filter

RETRIABLE = tuple(state for state, event in MOVES if event is Event.RETRIED)

CANDIDATES = """
SELECT j.id AS job, j.due_at AS due_at, j.deadline_at, j.state, coalesce(j.cancel_reason, j.error) AS error,
       s.name AS schedule, s.state AS schedule_state, s.reason AS schedule_reason, w.id AS workspace_id,
       w.name AS workspace, w.paused_at IS NOT NULL AS parked, v.channel, v.grace_ms
  FROM jobs j
  JOIN schedules s ON s.id = j.schedule_id
  JOIN schedule_versions v ON v.schedule_id = s.id AND v.version = s.version
  JOIN workspaces w ON w.id = s.workspace_id
"""

# Both go over rows of [job, state that was seen, available_at, deadline_at, parked, workspace]: a slice is one pass of
# each.
RECORD = """
INSERT INTO changes (changed_at, actor, command, workspace_id, kind, object_id, name, before, after)
SELECT :now, :actor, 'retry', j.workspace_id, 'job', CAST(j.id AS TEXT), s.name,
       json_object('state', j.state, 'error', j.error), json_object('state', :queued, 'error', NULL)
  FROM json_each(:again) a
  JOIN jobs j ON j.id = a.value ->> 0 AND j.state = a.value ->> 1
  JOIN schedules s ON s.id = j.schedule_id
"""

QUEUE_AGAIN = """
UPDATE jobs
   SET state = :queued, available_at = a.value ->> 2, deadline_at = a.value ->> 3, parked = a.value ->> 4,
       workspace_id = a.value ->> 5, spent = 0, error = NULL, is_requested = 1
  FROM json_each(:again) a
 WHERE jobs.id = a.value ->> 0 AND jobs.state = a.value ->> 1
"""

MARK_POSTED = """
UPDATE jobs SET state = :succeeded, ts = :ts, error = NULL, lateness_ms = :lateness_ms
 WHERE id = :job AND state = :before
"""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A job that may be sent again, with the present state of its schedule and workspace."""

    job: int
    due_at: int
    deadline_at: int
    state: JobState
    error: str | None
    schedule: str
    schedule_state: ScheduleState
    schedule_reason: str | None
    workspace_id: str
    workspace: str
    parked: bool
    channel: str
    grace_ms: int


@dataclass(frozen=True, slots=True)
class Retry:
    """A job to queue again, if it is still in the state `before`; its schedule may be of another workspace by now."""

    job: int
    before: JobState
    available_at: int
    deadline_at: int
    parked: bool
    workspace_id: str


def list_candidates(db: Database, chosen: Filter) -> Iterator[Candidate]:
    """Yield the jobs that the filter lets through, in due order."""
    sql = filters.statement(CANDIDATES, chosen, "due_at, job")
    return db.each(Candidate, sql, filters.bindings(chosen))


def queue_again(db: Database, again: Sequence[Retry], actor: str, now: int) -> int:
    """Let the jobs be claimed once more, and record who said so. Returns how many. Inside a transaction."""
    rows = [
        (one.job, one.before, one.available_at, one.deadline_at, int(one.parked), one.workspace_id) for one in again
    ]
    told = {"again": json.dumps(rows), "queued": after(JobState.FAILED, Event.RETRIED)}
    db.execute(RECORD, {**told, "actor": actor, "now": now})
    return db.execute(QUEUE_AGAIN, told)


def mark_posted(db: Database, job: int, before: JobState, ts: str, lateness_ms: int) -> bool:
    """Say that the job's message is `ts`. False when its state is another by now. Inside a transaction."""
    state = after(before, Event.MARKED_POSTED)
    told = {"job": job, "before": before.value, "succeeded": state.value, "ts": ts, "lateness_ms": lateness_ms}
    return db.execute(MARK_POSTED, told) == 1
