"""Jobs inserted by the thousand, as ticks leave them, for tests and benches of many rows."""

import uuid

from schedbot.store.database import Database
from tests.support.app import now_ms
from tests.support.sql import read_value

RECURRENCE = "INSERT INTO recurrences (kind, expression, tz) VALUES ('cron', '0 9 * * *', 'UTC') ON CONFLICT DO NOTHING"
SCHEDULE = """
INSERT INTO schedules (id, name, workspace_id, recurrence_id, version, state, effective_at, created_at)
VALUES (:id, :name, :workspace_id, :recurrence_id, 1, 'active', 0, 0)
"""
VERSION = """
INSERT INTO schedule_versions (schedule_id, version, recurrence_id, channel, report_kind, report_source, misfire,
                               grace_ms, max_attempts, priority, on_unknown, created_at)
VALUES (:id, 1, :recurrence_id, :channel, :kind, :source, 'latest', 21600000, 5, :priority, 'hold', 0)
"""
JOB = """
INSERT INTO jobs (schedule_id, workspace_id, due_at, available_at, deadline_at, state)
VALUES (:id, :workspace_id, :due_at, :due_at, :due_at + 21600000, 'queued')
"""


def workspace(db: Database, name: str) -> str:
    """Return the id of a workspace, and insert the workspace if it does not exist. Its token comes from the setting."""
    existing_id = read_value(db, "SELECT id FROM workspaces WHERE name = :name", {"name": name})
    if existing_id:
        return str(existing_id)
    workspace_id = str(uuid.uuid4())
    sql = "INSERT INTO workspaces (id, name, token_kind, created_at) VALUES (:id, :name, 'setting', 0)"
    db.execute(sql, {"id": workspace_id, "name": name})
    return workspace_id


def recurrence(db: Database) -> str:
    """Return the id of a recurrence that the schedules share, and insert it if it does not exist."""
    db.execute(RECURRENCE)
    return str(read_value(db, "SELECT id FROM recurrences WHERE expression = '0 9 * * *'"))


def flood(db: Database, name: str, jobs: int, later_ms: int = 0, series: str = "", priority: str = "normal") -> None:
    """Insert `jobs` jobs of one workspace that are due now, each with its own schedule and channel."""
    due_at = now_ms() - 1_000 + later_ms
    with db.writing():
        workspace_id = workspace(db, name)
        recurrence_id = recurrence(db)
        for number in range(jobs):
            row = {"id": str(uuid.uuid4()), "name": f"{name}-{series}{number}", "workspace_id": workspace_id}
            row |= {"recurrence_id": recurrence_id, "channel": f"C{abs(hash((name, series, number))) % 10**10:010d}"}
            db.execute(SCHEDULE, row)
            db.execute(VERSION, {**row, "priority": priority, "kind": "text", "source": row["name"]})
            db.execute(JOB, {**row, "due_at": due_at})


def flood_reports(db: Database, report: str, jobs: int, due_at: int) -> None:
    """Insert `jobs` jobs of a named report in one workspace, each with its own schedule and channel."""
    with db.writing():
        workspace_id = workspace(db, "default")
        recurrence_id = recurrence(db)
        for number in range(jobs):
            row = {"id": str(uuid.uuid4()), "name": f"{report}-{number}", "workspace_id": workspace_id}
            row |= {"recurrence_id": recurrence_id, "channel": f"C{abs(hash((report, number))) % 10**10:010d}"}
            db.execute(SCHEDULE, row)
            db.execute(VERSION, {**row, "priority": "normal", "kind": "named", "source": report})
            db.execute(JOB, {**row, "due_at": due_at})
