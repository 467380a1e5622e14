"""Jobs that a pause of all schedules called off while they waited: they had been due. A person may retry them.

Instants are UTC milliseconds.
"""

from dataclasses import dataclass

from schedbot.store.database import Database

FIND = """
SELECT count(*) AS jobs, coalesce(min(due_at), 0) AS first_due_at, coalesce(max(due_at), 0) AS last_due_at
  FROM jobs
 WHERE state = 'cancelled' AND cancel_reason = 'all_paused'
"""

# What an earlier pause called off is not told again.
BY_PAUSE = f"""
{FIND} AND due_at <= :paused_at
   AND due_at > coalesce((SELECT max(ended_at) FROM pauses_of_all WHERE id < :id), 0)
"""

OF_WORKSPACE = f"""
{FIND} AND workspace_id = :workspace_id AND deadline_at >= :paused_at
   AND EXISTS (SELECT 1 FROM pauses_of_all p
                WHERE p.paused_at >= :paused_at AND p.paused_at >= coalesce(jobs.deferred_to, jobs.due_at))
"""


@dataclass(frozen=True, slots=True)
class CalledOffJobs:
    """Number of jobs, and due_at of the first and the last."""

    jobs: int
    first_due_at: int = 0
    last_due_at: int = 0


NO_JOBS = CalledOffJobs(0)


def by_pause(db: Database, pause_id: int, paused_at: int) -> CalledOffJobs:
    """Return the jobs that waited when a pause of all began, and that are still called off."""
    return db.all(CalledOffJobs, BY_PAUSE, {"id": pause_id, "paused_at": paused_at})[0]


def of_workspace(db: Database, workspace_id: str, paused_at: int) -> CalledOffJobs:
    """Return the jobs that a pause of all called off while they waited for a workspace that is paused since then."""
    return db.all(CalledOffJobs, OF_WORKSPACE, {"workspace_id": workspace_id, "paused_at": paused_at})[0]
