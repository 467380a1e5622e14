"""What is left to do: whether a pool that drains may end, and whether something waits for a person."""

from schedbot.store.database import Database

# A job that has to wait for longer than `soon` does not keep a draining pool: the next one has it.
LEFT = """
SELECT EXISTS (SELECT 1 FROM jobs
                WHERE state = 'queued' AND parked = 0 AND available_at <= :soon
                  AND coalesce(deferred_to, due_at) <= :now)
    OR EXISTS (SELECT 1 FROM jobs j JOIN workspaces w ON w.id = j.workspace_id
                WHERE j.state = 'unknown' AND j.available_at <= :soon AND w.paused_at IS NULL)
"""

CLAIMS = "SELECT token, max(lease_until) FROM jobs WHERE state = 'running' GROUP BY token"

# Whoever removes a schedule says that its posts are owed no more: what of it is held keeps its place in the audit.
# CROSS JOIN: from the few that are held to their schedules.
HELD = """
SELECT count(*) FROM jobs j CROSS JOIN schedules s ON s.id = j.schedule_id
 WHERE j.state = 'held' AND s.state <> 'removed'
"""

FOR_A_PERSON = f"""
SELECT ({HELD}),
       (SELECT count(*) FROM workspaces w
         WHERE w.paused_at IS NOT NULL AND w.removed_at IS NULL
           AND (EXISTS (SELECT 1 FROM jobs j WHERE j.workspace_id = w.id AND j.state = 'queued')
                OR EXISTS (SELECT 1 FROM jobs j WHERE j.workspace_id = w.id AND j.state = 'unknown')))
"""


def has_due_jobs(db: Database, now: int, soon: int) -> bool:
    """Is anything due that nobody has in hand, and can be settled up to `soon`?"""
    return bool(db.value(LEFT, {"now": now, "soon": soon}))


def list_claims(db: Database) -> dict[int, int]:
    """The claims that hold jobs now, whoever made them: until when."""
    return {row[0]: row[1] for row in db.rows(CLAIMS)}


def count_for_person(db: Database) -> tuple[int, int]:
    """How many jobs are held for a schedule that is there, and how many workspaces are paused with jobs that wait."""
    row = db.row(FOR_A_PERSON)
    return (row[0], row[1]) if row else (0, 0)
