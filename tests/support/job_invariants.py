"""Invariants of jobs and attempts, each with a query for the rows that violate it."""

from schedbot.store.database import Database
from tests.support.sql import read_rows

VIOLATIONS = {
    "only a running job has a lease": "SELECT id FROM jobs WHERE (state = 'running') <> (token IS NOT NULL)",
    "one open attempt at most": """
        SELECT job_id FROM attempts WHERE ended_at IS NULL GROUP BY job_id HAVING count(*) > 1""",
    "an open attempt is a running job's": """
        SELECT job_id FROM attempts a JOIN jobs j ON j.id = a.job_id
         WHERE a.ended_at IS NULL AND j.state <> 'running'""",
    "attempts are numbered 1, 2, 3 ...": """
        SELECT id FROM jobs j WHERE (SELECT count(*) FROM attempts a WHERE a.job_id = j.id) <> j.attempts
            OR EXISTS (SELECT 1 FROM attempts a WHERE a.job_id = j.id AND a.number NOT BETWEEN 1 AND j.attempts)""",
    "no attempt is spent that was not made": "SELECT id FROM jobs WHERE spent > attempts",
    "a success has a ts": "SELECT id FROM jobs WHERE state = 'succeeded' AND ts IS NULL",
    "no job waits for a paused schedule": """
        SELECT j.id FROM jobs j JOIN schedules s ON s.id = j.schedule_id
         WHERE j.state IN ('queued', 'running') AND s.state IN ('paused', 'suspended', 'removed')
           AND (s.state_until IS NULL OR s.state_until > coalesce(j.deferred_to, j.due_at))
           AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.job_id = j.id AND a.ended_at IS NULL)""",
    "only jobs of a paused workspace are parked": """
        SELECT j.id FROM jobs j JOIN workspaces w ON w.id = j.workspace_id
         WHERE j.state = 'queued' AND j.parked <> (w.paused_at IS NOT NULL)""",
}


def list_violations(db: Database) -> list[str]:
    """Return the invariants that do not hold."""
    return [name for name, sql in VIOLATIONS.items() if read_rows(db, sql)]
