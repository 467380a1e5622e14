"""Posts in a row that got no answer from Slack, as the last pool saw them.

A pool that starts (`work --drain` does so every minute) goes on from there, so that it knows of an outage that began
before.
"""

from schedbot.store.database import Database

OUTAGE_FAILURES = 5  # so many in a row are an outage
MEMORY_MS = 3_600_000

SAVE = """
INSERT INTO outage (id, failures, workspace_id, changed_at) VALUES (1, :failures, :workspace_id, :now)
ON CONFLICT (id) DO UPDATE
   SET failures = excluded.failures, workspace_id = excluded.workspace_id, changed_at = excluded.changed_at
"""

COUNT = "SELECT failures FROM outage WHERE changed_at >= :since"

RETURN_ATTEMPT = """
UPDATE jobs SET spent = max(0, spent - 1) WHERE id = :id AND state IN ('queued', 'running', 'unknown')
"""


def save_failures(db: Database, failures: int, workspace_id: str, now: int) -> None:
    """Write the number of failures in a row, and the workspace of the last. Inside a transaction."""
    db.execute(SAVE, {"failures": failures, "workspace_id": workspace_id, "now": now})


def count_failures(db: Database, now: int) -> int:
    """Return the number of failures in a row: 0 if the last is an hour old."""
    return db.integer_or_none(COUNT, {"since": now - MEMORY_MS}) or 0


def get_last_workspace(db: Database) -> str:
    """Return the workspace of the last failure, or ''."""
    return db.text_or_none("SELECT workspace_id FROM outage") or ""


def return_attempts(db: Database, jobs: list[int]) -> None:
    """Give each open job an attempt back: its failure was part of an outage. Inside a transaction."""
    for job_id in jobs:
        db.execute(RETURN_ATTEMPT, {"id": job_id})
