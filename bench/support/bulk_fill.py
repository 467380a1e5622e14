"""Fill a database with millions of rows by single statements, as ticks and pools would have left them.

Triggers and indexes are made after the rows. Nothing of the fill is measured.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw

NUMBERS = "WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < :count)"
UUID = (
    "lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-a' || {rest})"
)
RANDOM_UUID = UUID.format(rest="substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))")

WORKSPACES = f"""
INSERT INTO workspaces (id, name, token_kind, created_at)
{NUMBERS} SELECT {RANDOM_UUID}, 'w' || n, 'setting', 0 FROM numbers
"""
RECURRENCE = """
INSERT INTO recurrences (kind, expression, tz, next_due_at) VALUES ('cron', :cron, :tz, :next_due_at)
ON CONFLICT DO UPDATE SET next_due_at = excluded.next_due_at
"""
# Schedules go round workspaces and recurrences.
SCHEDULES = f"""
INSERT INTO schedules (id, name, account, workspace_id, recurrence_id, version, state, effective_at, created_at)
{NUMBERS}, w AS MATERIALIZED (SELECT id, row_number() OVER () - 1 AS place FROM workspaces WHERE name LIKE 'w%'),
           r AS MATERIALIZED (SELECT id, row_number() OVER () - 1 AS place FROM recurrences)
SELECT {RANDOM_UUID}, 's' || printf('%07d', n), 'a' || (n / 10), w.id, r.id, 1, :state, 0, 0
  FROM numbers
  JOIN w ON w.place = n % (SELECT count(*) FROM w)
  JOIN r ON r.place = n % (SELECT count(*) FROM r)
"""
VERSIONS = """
INSERT INTO schedule_versions (schedule_id, version, recurrence_id, channel, report_kind, report_source, misfire,
                               grace_ms, max_attempts, priority, on_unknown, created_at)
SELECT id, 1, recurrence_id, 'C' || hex(randomblob(5)), 'text', 'Hello', 'latest', 21600000, 5, 'normal', 'hold', 0
  FROM schedules WHERE NOT EXISTS (SELECT 1 FROM schedule_versions v WHERE v.schedule_id = schedules.id)
"""
# The rounds are a day apart and end a day before `until`.
FINISHED_JOBS = f"""
INSERT INTO jobs (schedule_id, workspace_id, due_at, available_at, deadline_at, state, attempts, spent, ts, lateness_ms)
{NUMBERS}
SELECT s.id, s.workspace_id, due_at, due_at, due_at + 21600000, 'succeeded', 1, 1, '1700000000.000100', 12
  FROM (SELECT :until - (:count - n) * 86400000 AS due_at FROM numbers) CROSS JOIN schedules s
"""
WAITING_JOBS = """
INSERT INTO jobs (schedule_id, workspace_id, due_at, available_at, deadline_at, state)
SELECT id, workspace_id, :due_at, :due_at, :due_at + 21600000, 'queued' FROM schedules
"""

DAYS = """
INSERT INTO job_days SELECT day, max(state IN ('queued', 'running')) FROM jobs WHERE true GROUP BY day
ON CONFLICT DO UPDATE SET has_open = excluded.has_open
"""

PARTS = """
SELECT type, name, sql FROM sqlite_schema
 WHERE type IN ('index', 'trigger') AND tbl_name = ? AND sql IS NOT NULL
"""


@contextmanager
def filling(database: Path, tables: tuple[str, ...] = ("jobs",)) -> Iterator[apsw.Connection]:
    """Yield a connection whose writes are fast and not safe. Indexes and triggers of the tables come at its end."""
    connection = apsw.Connection(str(database))
    for pragma in ("synchronous = OFF", "cache_size = -1000000", "temp_store = MEMORY", "foreign_keys = OFF"):
        connection.execute(f"PRAGMA {pragma}").fetchall()
    parts = [part for table in tables for part in connection.execute(PARTS, (table,)).fetchall()]
    with connection:
        for kind, name, _ in parts:
            connection.execute(f"DROP {kind} {name}")
    with connection:
        yield connection
    with connection:
        connection.execute(DAYS)
        for _, _, definition in parts:
            connection.execute(str(definition))
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    connection.close()


def add_schedules(
    connection: apsw.Connection, count: int, workspaces: int, rules: list[tuple[str, str, int]], state: str = "active"
) -> None:
    """Add workspaces, recurrences (cron, zone, next_due_at) and schedules that go round them."""
    connection.execute(WORKSPACES, {"count": workspaces})
    connection.executemany(RECURRENCE, [{"cron": cron, "tz": tz, "next_due_at": at} for cron, tz, at in rules])
    connection.execute(SCHEDULES, {"count": count, "state": state})
    connection.execute(VERSIONS)


def add_finished_jobs(connection: apsw.Connection, rounds: int, until: int) -> None:
    """Add a finished job of each schedule for so many days before an instant."""
    if rounds:
        connection.execute(FINISHED_JOBS, {"count": rounds, "until": until})
