"""Jobs inserted by the thousand, as ticks leave them, for tests and benches of many rows."""

import uuid
from collections.abc import Iterable, Mapping

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


def insert_schedule(db: Database, row: Mapping[str, object]) -> None:
    """Insert a schedule. `row`: its id, name, workspace_id, recurrence_id and channel; and what differs from a text."""
    db.execute(SCHEDULE, dict(row))
    db.execute(VERSION, {"priority": "normal", "kind": "text", "source": row["name"], **row})


def insert_due(db: Database, workspace_name: str, names: Iterable[str], due_at: int, **fields: str) -> None:
    """Insert a due job for each name, with its own schedule and channel. `fields`: of all schedules."""
    with db.writing():
        ids = {"workspace_id": workspace(db, workspace_name), "recurrence_id": recurrence(db)}
        for name in names:
            row = {
                **ids,
                **fields,
                "id": str(uuid.uuid4()),
                "name": name,
                "channel": f"C{abs(hash(name)) % 10**10:010d}",
            }
            insert_schedule(db, row)
            db.execute(JOB, {**row, "due_at": due_at})


def flood(db: Database, name: str, jobs: int, later_ms: int = 0, series: str = "", priority: str = "normal") -> None:
    """Insert `jobs` jobs of one workspace that are due now, each with its own schedule and channel."""
    names = (f"{name}-{series}{number}" for number in range(jobs))
    insert_due(db, name, names, now_ms() - 1_000 + later_ms, priority=priority)


def flood_reports(db: Database, report: str, jobs: int, due_at: int) -> None:
    """Insert `jobs` jobs of a named report in one workspace, each with its own schedule and channel."""
    names = (f"{report}-{number}" for number in range(jobs))
    insert_due(db, "default", names, due_at, kind="named", source=report)
