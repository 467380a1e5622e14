"""Jobs that are left: for a draining pool, and for a person."""

from typing import NamedTuple

from schedbot.store.database import Database

# A draining pool does not wait for jobs that are available after `soon`: the next pool takes them.
HAS_DUE_JOBS = """
SELECT EXISTS (SELECT 1 FROM jobs
                WHERE state = 'queued' AND parked = 0 AND available_at <= :soon
                  AND coalesce(deferred_to, due_at) <= :now)
    OR EXISTS (SELECT 1 FROM jobs j JOIN workspaces w ON w.id = j.workspace_id
                WHERE j.state = 'unknown' AND j.available_at <= :soon AND w.paused_at IS NULL)
"""

CLAIMS = "SELECT token, max(lease_until) AS lease_until FROM jobs WHERE state = 'running' GROUP BY token"

# Held jobs that a person has acknowledged, or of a removed schedule, need no decision: the audit keeps them.
# CROSS JOIN: from the few held jobs to their schedules.
COUNT_HELD = """
SELECT count(*) FROM jobs j CROSS JOIN schedules s ON s.id = j.schedule_id
 WHERE j.state = 'held' AND j.acknowledged IS NULL AND s.state <> 'removed'
"""

COUNT_PAUSED = """
SELECT count(*) FROM workspaces w
 WHERE w.paused_at IS NOT NULL AND w.removed_at IS NULL
   AND (EXISTS (SELECT 1 FROM jobs j WHERE j.workspace_id = w.id AND j.state = 'queued' AND j.parked = 1)
        OR EXISTS (SELECT 1 FROM jobs j WHERE j.workspace_id = w.id AND j.state = 'queued' AND j.parked = 0)
        OR EXISTS (SELECT 1 FROM jobs j WHERE j.workspace_id = w.id AND j.state = 'unknown'))
"""


class Claim(NamedTuple):
    """A claim that holds jobs now, of any pool."""

    token: int
    lease_until: int


def has_due_jobs(db: Database, now: int, soon: int) -> bool:
    """Is a job due that no pool has claimed, and that can be settled up to `soon`?"""
    return db.is_true(HAS_DUE_JOBS, {"now": now, "soon": soon})


def list_claims(db: Database) -> dict[int, int]:
    """Return the claims that hold jobs now, of all pools, with the ends of their leases."""
    return {claim.token: claim.lease_until for claim in db.all(Claim, CLAIMS)}


def count_for_person(db: Database) -> tuple[int, int]:
    """Return the number of held jobs, and the number of paused workspaces with open jobs."""
    with db.reading():
        return db.integer(COUNT_HELD), db.integer(COUNT_PAUSED)
