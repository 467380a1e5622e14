"""Number of posts since a change. Instants are UTC milliseconds."""

from schedbot.store.database import Database
from schedbot.store.schedules.job_days import ON_ANY_DAY

COUNT_SINCE = f"""
SELECT count(DISTINCT a.job_id)
  FROM jobs j JOIN attempts a ON a.job_id = j.id
 WHERE j.{ON_ANY_DAY} AND j.schedule_id = :schedule_id AND a.version >= :version AND a.sent_at >= :since
"""

COUNT_IN_WORKSPACE = """
SELECT count(DISTINCT a.job_id)
  FROM jobs j CROSS JOIN attempts a ON a.job_id = j.id
 WHERE j.due_at >= :since AND a.sent_at >= :since AND (:workspace_id IS NULL OR a.workspace_id = :workspace_id)
"""


def count_since(db: Database, schedule_id: str, version: int, since: int) -> int:
    """Return the number of jobs that were sent from an instant on, by that version of the schedule or a later one."""
    return db.integer(COUNT_SINCE, {"schedule_id": schedule_id, "version": version, "since": since})


def count_in_workspace(db: Database, workspace_id: str, since: int) -> int:
    """Return the number of jobs that were due and sent in a workspace from an instant on."""
    return db.integer(COUNT_IN_WORKSPACE, {"workspace_id": workspace_id, "since": since})


def count_all(db: Database, since: int) -> int:
    """Return the number of jobs that were due and sent from an instant on."""
    return db.integer(COUNT_IN_WORKSPACE, {"workspace_id": None, "since": since})
