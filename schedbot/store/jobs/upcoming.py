"""Read queued jobs before their instant, so that their reports can be rendered early. No job is claimed by that."""

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from schedbot.store.database import Database
from schedbot.store.jobs import pacing
from schedbot.store.jobs.claims import CLAIMED, ClaimedJob
from schedbot.store.readable_rows import read_by_ids

# In the order of the index jobs_claimable, from a cursor on: each job is looked at once.
UPCOMING = """
SELECT j.id, j.available_at, v.report_kind = 'named' AND v.report_source IN (SELECT value FROM json_each(:reports))
       AND j.parts_posted = 0 AS has_report
  FROM jobs j
  JOIN schedules s ON s.id = j.schedule_id
  JOIN schedule_versions v ON v.schedule_id = s.id AND v.version = s.version
 WHERE j.state = 'queued' AND j.parked = 0 AND (j.available_at, j.id) > (:available_at, :id)
   AND j.available_at <= :until
 ORDER BY j.available_at, j.id
 LIMIT :limit
"""


DUE = """
SELECT j.id, j.due_at, j.available_at, s.name AS schedule
  FROM jobs j
  JOIN schedules s ON s.id = j.schedule_id
 WHERE j.state = 'queued' AND j.parked = 0 AND (j.available_at, j.id) > (:available_at, :id) AND j.available_at <= :now
 ORDER BY j.available_at, j.id
 LIMIT :limit
"""
PAGE = 500


@dataclass(frozen=True, slots=True)
class DueJob:
    """A queued job that may be posted now."""

    id: int
    due_at: int
    available_at: int
    schedule: str


@dataclass(frozen=True, slots=True)
class UpcomingJob:
    """A queued job; `has_report`: its report is one of the named ones."""

    id: int
    available_at: int
    has_report: bool


def list_upcoming(
    db: Database, after: UpcomingJob, until: int, reports: Collection[str], limit: int
) -> list[UpcomingJob]:
    """Return the next jobs after a job, in the order of their instants, up to the instant `until`."""
    bindings = {
        "available_at": after.available_at,
        "id": after.id,
        "until": until,
        "reports": json.dumps(list(reports)),
        "limit": limit,
    }
    return db.all(UpcomingJob, UPCOMING, bindings)


def list_due(db: Database, now: int) -> Iterator[list[DueJob]]:
    """Yield the due jobs in pages, in the order in which they would be claimed."""
    available_at, job_id = 0, 0
    while page := db.all(DueJob, DUE, {"available_at": available_at, "id": job_id, "now": now, "limit": PAGE}):
        yield page
        available_at, job_id = page[-1].available_at, page[-1].id


def read(db: Database, ids: Iterable[int], now: int) -> list[ClaimedJob]:
    """Return the jobs as a claim would return them now. Their `token` is 0: they are not claimed."""
    return read_by_ids(db, ClaimedJob, CLAIMED, list(ids), {"latest_valid_hold": pacing.latest_valid_hold(now)})
