"""Enqueue past occurrences of a schedule that have no job, or one that was called off, one second apart.

They go to one channel. A job was called off if a pause, a suspension or a person cancelled or skipped it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from schedbot.model import CancelReason, JobState, Schedule
from schedbot.rules.lifecycle import NEW, REVERSIBLE, Event, after
from schedbot.store.database import Database
from schedbot.store.history import missed_spans
from schedbot.store.schedules.job_days import on_days

SPACING_MS = 1_000

RECORDED = f"""
SELECT due_at, state, cancel_reason FROM jobs
 WHERE {on_days(":start", ":end")} AND schedule_id = :schedule_id AND due_at >= :start AND due_at < :end
"""

# Each row of :due is [due_at, position in the queue].
BACKFILL = """
INSERT INTO jobs (schedule_id, workspace_id, due_at, available_at, deadline_at, state, parked, is_requested)
SELECT :schedule_id, w.id, d.value ->> 0, :now + :spacing_ms * (d.value ->> 1),
       :now + :spacing_ms * (d.value ->> 1) + :grace_ms, :queued, w.paused_at IS NOT NULL, 1
  FROM json_each(:due) d JOIN workspaces w ON w.id = :workspace_id
 WHERE true
ON CONFLICT (day, schedule_id, due_at) DO UPDATE
   SET state = :retried, workspace_id = excluded.workspace_id, available_at = excluded.available_at,
       deadline_at = excluded.deadline_at, parked = excluded.parked, is_requested = 1, spent = 0, error = NULL,
       cancel_reason = NULL
 WHERE jobs.state IN ('cancelled', 'skipped') AND jobs.cancel_reason IN (SELECT value FROM json_each(:reversible))
RETURNING id, due_at
"""


@dataclass(frozen=True, slots=True)
class RecordedOccurrence:
    """An occurrence that has a job, in this state."""

    due_at: int
    state: JobState
    cancel_reason: CancelReason | None

    @property
    def is_called_off(self) -> bool:
        """Did a pause, a suspension or a person call it off before it was posted?"""
        return self.cancel_reason in REVERSIBLE


@dataclass(frozen=True, slots=True)
class BackfilledJob:
    """A job that a backfill enqueued."""

    id: int
    due_at: int


def list_recorded(db: Database, schedule_id: str, start: int, end: int) -> dict[int, RecordedOccurrence]:
    """Return the occurrences from `start` to before `end` that have a job, by due_at."""
    recorded = db.all(RecordedOccurrence, RECORDED, {"schedule_id": schedule_id, "start": start, "end": end})
    return {occurrence.due_at: occurrence for occurrence in recorded}


def backfill(db: Database, schedule: Schedule, due: Sequence[int], now: int, grace_ms: int) -> list[BackfilledJob]:
    """Enqueue these occurrences from `now` on. Returns their jobs, in order of due_at. Inside a transaction.

    An occurrence in a missed span is taken out of it.
    """
    bindings = {
        "schedule_id": schedule.id,
        "workspace_id": schedule.workspace_id,
        "due": json.dumps([(due_at, position) for position, due_at in enumerate(due)]),
        "now": now,
        "spacing_ms": SPACING_MS,
        "grace_ms": grace_ms,
        "queued": NEW[Event.ENQUEUED],
        "retried": after(JobState.CANCELLED, Event.RETRIED),
        "reversible": json.dumps(REVERSIBLE),
    }
    jobs = sorted(db.all(BackfilledJob, BACKFILL, bindings), key=lambda job: job.due_at)
    missed_spans.take_out(db, schedule.id, [job.due_at for job in jobs])
    return jobs
