"""Jobs for occurrences of the past that were never enqueued; a schedule has one channel, so they are a second apart."""

import json
from collections import Counter
from collections.abc import Sequence

from schedbot.model import JobState, Schedule
from schedbot.rules.lifecycle import NEW, Event
from schedbot.store.database import Database
from schedbot.store.history import missed_spans

APART_MS = 1_000

ON_RECORD = "SELECT due_at, state FROM jobs WHERE schedule_id = :schedule_id AND due_at >= :start AND due_at < :end"

# Each row of :due is [due_at, its place in the queue].
BACKFILL = """
INSERT INTO jobs (schedule_id, workspace_id, due_at, available_at, deadline_at, state, parked, is_requested)
SELECT :schedule_id, w.id, o.value ->> 0, :now + :apart_ms * (o.value ->> 1),
       :now + :apart_ms * (o.value ->> 1) + :grace_ms, :queued, w.paused_at IS NOT NULL, 1
  FROM json_each(:due) o JOIN workspaces w ON w.id = :workspace_id
 WHERE true
ON CONFLICT (schedule_id, due_at) DO NOTHING
RETURNING id, due_at
"""


def list_recorded(db: Database, schedule_id: str, start: int, end: int) -> dict[int, JobState]:
    """Return the occurrences from `start` up to `end`, not included, that have a job: due_at and state."""
    rows = db.rows(ON_RECORD, {"schedule_id": schedule_id, "start": start, "end": end})
    return {due_at: JobState(state) for due_at, state in rows}


def counted(jobs: dict[int, JobState]) -> Counter[JobState]:
    """How many are in which state."""
    return Counter(jobs.values())


def backfill(db: Database, schedule: Schedule, due: Sequence[int], now: int, grace_ms: int) -> list[tuple[int, int]]:
    """Enqueue these occurrences, to be posted from `now` on: (job's number, due_at) of each. Inside a transaction.

    An occurrence in a missed span is taken out of it.
    """
    row = {
        "schedule_id": schedule.id,
        "workspace_id": schedule.workspace_id,
        "due": json.dumps([(due_at, place) for place, due_at in enumerate(due)]),
        "now": now,
        "apart_ms": APART_MS,
        "grace_ms": grace_ms,
        "queued": NEW[Event.ENQUEUED],
    }
    jobs = sorted(((job, due_at) for job, due_at in db.rows(BACKFILL, row)), key=lambda pair: pair[1])
    missed_spans.take_out(db, schedule.id, [due_at for _, due_at in jobs])
    return jobs
