"""Schedules, jobs and attempts written by a test into a real database, as ticks and pools leave them."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from schedbot.session import Session
from schedbot.settings import Settings
from schedbot.store.database import Database
from schedbot.store.open_database import create_database
from tests.support.sql import read_row, read_rows, read_value

HOUR = 3_600_000
NOW = 1_796_137_200_000  # 2026-12-01 15:00 UTC, 10:00 in New York

WORKSPACE = """
INSERT INTO workspaces (id, name, token_kind, created_at, paused_at, paused_reason)
VALUES (:name, :name, 'env', 0, :paused_at, :reason)
"""
RECURRENCE = "INSERT INTO recurrences (id, kind, expression, tz) VALUES (1, 'cron', '0 9 * * *', 'America/New_York')"
SCHEDULE = """
INSERT INTO schedules (id, name, account, workspace_id, recurrence_id, version, state, reason, paused_at, effective_at,
                       created_at)
VALUES (:id, :name, :account, :workspace, 1, 1, :state, :reason, CASE WHEN :state = 'paused' THEN 0 END, 0, 0)
"""
VERSION = """
INSERT INTO schedule_versions (schedule_id, version, recurrence_id, channel, report_kind, report_source, misfire,
                               grace_ms, max_attempts, priority, on_unknown, created_at)
VALUES (:id, :version, 1, :channel, 'text', 'Hi', 'latest', :grace_ms, 5, 'normal', 'hold', 0)
"""
JOB = """
INSERT INTO jobs (schedule_id, workspace_id, due_at, available_at, deadline_at, state, attempts, spent, error, ts,
                  cancel_reason, parts, parts_posted)
SELECT id, workspace_id, :due_at, :due_at, :due_at + 6 * 3600000, :state, :attempts, :attempts, :error, :ts,
       coalesce(:cancel_reason, CASE WHEN :state = 'cancelled' THEN 'schedule_edited' END), :parts, :parts_posted
  FROM schedules WHERE id = :schedule
RETURNING id
"""
ATTEMPT = """
INSERT INTO attempts (job_id, number, workspace_id, version, channel, worker, started_at, sent_at, ended_at, outcome,
                      error, http_status, ts)
SELECT id, :number, workspace_id, 1, :channel, 'pool-1', due_at + 100, due_at + 200, due_at + 500, :outcome, :error,
       200, :ts
  FROM jobs WHERE id = :job
"""


class JobHistory:
    """A database that a test fills, and a session at NOW that reads it."""

    def __init__(self, path: Path) -> None:
        self.db: Database = create_database(path, "installation-1", 0)
        self.session = Session(Settings(None, path, actor="tester@host"), self.db, now=lambda: NOW)
        self._numbers = count(1)
        self._write(RECURRENCE)
        self.add_workspace("acme")

    def _write(self, sql: str, **row: Any) -> None:
        with self.db.writing():
            self.db.execute(sql, row)

    def add_workspace(self, name: str, paused: str | None = None) -> None:
        """Add a workspace. `paused` is the reason of its pause."""
        self._write(WORKSPACE, name=name, paused_at=1 if paused else None, reason=paused)

    def add_schedule(self, name: str, **fields: Any) -> str:
        """Add a schedule at 09:00 in New York, and return its id."""
        defaults = {"account": "", "workspace": "acme", "state": "active", "reason": None, "channel": "C0000000001"}
        row = {**defaults, "grace_ms": 6 * HOUR, **fields, "name": name, "id": f"schedule-{next(self._numbers)}"}
        with self.db.writing():
            self.db.execute(SCHEDULE, {key: row[key] for key in row if key not in ("channel", "grace_ms")})
            self.db.execute(VERSION, {"version": 1, **{key: row[key] for key in ("id", "channel", "grace_ms")}})
        return str(row["id"])

    def add_version(self, schedule: str, number: int, channel: str) -> None:
        """Add a version of a schedule that is not its current version."""
        self._write(VERSION, id=schedule, version=number, channel=channel, grace_ms=6 * HOUR)

    def add_job(self, schedule: str, state: str, ago_ms: int = HOUR, **fields: Any) -> int:
        """Add a job that was due `ago_ms` before NOW, and return its number."""
        row = {"attempts": 0, "error": None, "ts": None, "cancel_reason": None, "parts": 1, "parts_posted": 0, **fields}
        with self.db.writing():
            return int(read_value(self.db, JOB, {**row, "schedule": schedule, "state": state, "due_at": NOW - ago_ms}))

    def add_attempt(self, job: int, number: int = 1, **fields: Any) -> None:
        """Add an attempt of a job that ended half a second after the job was due."""
        self._write(ATTEMPT, **{"channel": "C0000000001", "error": None, "ts": None, **fields}, job=job, number=number)

    def state(self, job: int) -> str:
        """Return the current state of a job."""
        return str(read_value(self.db, "SELECT state FROM jobs WHERE id = :job", {"job": job}))

    def row(self, job: int, *columns: str) -> tuple[Any, ...]:
        """Return the stored values of these columns of a job."""
        names = [row[0] for row in read_rows(self.db, "SELECT name FROM pragma_table_info('jobs')")]
        stored = read_row(self.db, "SELECT * FROM jobs WHERE id = :job", {"job": job}) or ()
        return tuple(stored[names.index(column)] for column in columns)


@contextmanager
def new_job_history(folder: Path) -> Iterator[JobHistory]:
    """Create a job history in its own database file."""
    history = JobHistory(folder / "schedbot.db")
    try:
        yield history
    finally:
        history.db.close()
