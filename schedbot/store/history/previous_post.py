"""Instant of a schedule's last message, for reports about the time since then."""

from schedbot.store.database import Database
from schedbot.store.schedules.job_days import ON_ANY_DAY

# Slack's id of a message is its instant in seconds.
POSTED_AT = "CAST(CAST(p.ts AS REAL) * 1000 AS INTEGER)"

LAST = f"SELECT {POSTED_AT} FROM jobs p WHERE p.{ON_ANY_DAY} AND p.state = 'succeeded'"
NEWEST = "ORDER BY p.day DESC, p.due_at DESC LIMIT 1"

# Last message of the schedule of the job `j` before that job, in UTC milliseconds; null: none.
OF_JOB = f"{LAST} AND p.schedule_id = j.schedule_id AND p.due_at < j.due_at {NEWEST}"

BEFORE = f"{LAST} AND p.schedule_id = :schedule_id AND p.due_at < :due_at {NEWEST}"


def find_before(db: Database, schedule_id: str, due_at: int) -> int | None:
    """Return when the schedule's last message before an occurrence was posted, in UTC milliseconds."""
    return db.integer_or_none(BEFORE, {"schedule_id": schedule_id, "due_at": due_at})
