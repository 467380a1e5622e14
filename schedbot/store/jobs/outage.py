"""How many posts in a row Slack has left without an answer, and whose the last was, as the pool that heard has written.

A pool that begins (`work --drain` does so every minute) goes on from there, so that it knows an outage which it did not
see begin.
"""

from schedbot.store.database import Database

OUTAGE_FAILURES = 5  # so many in a row are no accident
REMEMBERED_MS = 3_600_000

KEEP = """
INSERT INTO circuit (one, failures, silent, changed_at) VALUES (1, :failures, :silent, :now)
ON CONFLICT (one) DO UPDATE
   SET failures = excluded.failures, silent = excluded.silent, changed_at = excluded.changed_at
"""

GIVE_BACK = """
UPDATE jobs SET spent = max(0, spent - 1) WHERE id = :id AND state IN ('queued', 'running', 'unknown')
"""


def save_failures(db: Database, failures: int, silent: str, now: int) -> None:
    """Write down how many there are now; the last was of the workspace `silent`. Inside a transaction."""
    db.execute(KEEP, {"failures": failures, "silent": silent, "now": now})


def count_failures(db: Database, now: int) -> int:
    """How many there are; 0 where the last is an hour old."""
    sql = "SELECT failures FROM circuit WHERE changed_at >= :since"
    return int(db.value(sql, {"since": now - REMEMBERED_MS}) or 0)


def get_last_workspace(db: Database) -> str:
    """The workspace of the last; empty where there never was one."""
    return str(db.value("SELECT silent FROM circuit") or "")


def return_attempts(db: Database, jobs: list[int]) -> None:
    """These failures were an outage's: each gives its job an attempt back while it is open. Inside a transaction."""
    for number in jobs:
        db.execute(GIVE_BACK, {"id": number})
