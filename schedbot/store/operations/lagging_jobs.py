"""Due jobs that wait for a renderer: their channels are free, and no attempt of theirs has begun."""

from typing import NamedTuple

from schedbot.store.database import Database

MOST = 2_000  # jobs that are looked at
SOON_MS = 15_000  # a job that no renderer can take is put back for so long at most

LAGGING = f"""
SELECT v.report_source AS report, count(*) AS jobs, min(j.scheduled_at) AS oldest_at
  FROM (SELECT * FROM (SELECT schedule_id, workspace_id, coalesce(deferred_to, due_at) AS scheduled_at
                         FROM jobs WHERE state = 'queued' AND parked = 0 AND available_at <= :soon AND attempts = 0
                        ORDER BY available_at LIMIT {MOST})
        UNION ALL
        SELECT * FROM (SELECT schedule_id, workspace_id, coalesce(deferred_to, due_at)
                         FROM jobs WHERE state = 'running'
                          AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.job_id = jobs.id AND a.ended_at IS NULL)
                        LIMIT {MOST})) j
  JOIN schedules s ON s.id = j.schedule_id
  JOIN schedule_versions v ON v.schedule_id = s.id AND v.version = s.version
 WHERE j.scheduled_at < :before AND v.report_kind <> 'text'
   AND NOT EXISTS (SELECT 1 FROM pacing p
                    WHERE p.workspace_id = j.workspace_id AND p.method = 'chat.postMessage'
                      AND p.channel IN ('', v.channel) AND p.free_at > :now - 2000)
 GROUP BY 1 ORDER BY 2 DESC LIMIT 3
"""

LIST_POOLS = "SELECT name, beat_at FROM heartbeats WHERE kind = 'pool' ORDER BY name"


class LaggingReport(NamedTuple):
    """A report (name, or path of a template) with due jobs that wait for its rendering. `oldest_at`: the oldest due."""

    report: str
    jobs: int
    oldest_at: int


class PoolBeat(NamedTuple):
    """A pool that has not ended in good order, and its last heartbeat. The name is `host:process`."""

    name: str
    beat_at: int


def list_lagging(db: Database, now: int, late_ms: int) -> list[LaggingReport]:
    """Return the reports whose jobs have waited longer than `late_ms` for a renderer, those with most jobs first."""
    return db.all(LaggingReport, LAGGING, {"now": now, "soon": now + SOON_MS, "before": now - late_ms})


def list_pools(db: Database) -> list[PoolBeat]:
    """Return the pools with a heartbeat, also of those that were killed."""
    return db.all(PoolBeat, LIST_POOLS)
