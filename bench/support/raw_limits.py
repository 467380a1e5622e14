"""Jobs a second of SQLite alone: batches of 1,000 jobs, WAL, synchronous=FULL, and nothing but the writes.

- jobs: a batch is claimed in one commit and ended in another; a table of jobs with one index.
- jobs and attempts: the claim, then the attempts begin, then both end, three commits; a row of an attempt for each job.
- schedbot's tables: the same three commits into schedbot's own tables with their indexes, and the hold of the channel;
  no trigger counts, and no foreign key is checked.

All statements are prepared once, and each writes a batch.
"""

import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import apsw

from bench.support.pool_process import create_filled

BATCH = 1_000
TABLES = """
CREATE TABLE jobs (id INTEGER NOT NULL PRIMARY KEY, due_at INTEGER NOT NULL, state TEXT NOT NULL,
                   attempts INTEGER NOT NULL DEFAULT 0, token INTEGER) STRICT;
CREATE INDEX jobs_claimable ON jobs (due_at, id) WHERE state = 'queued';
CREATE TABLE attempts (job_id INTEGER NOT NULL, number INTEGER NOT NULL, sent_at INTEGER NOT NULL, ended_at INTEGER,
                       outcome TEXT, ts TEXT, PRIMARY KEY (job_id, number)) STRICT, WITHOUT ROWID
"""
ROWS = """
WITH RECURSIVE numbers (id) AS (VALUES (1) UNION ALL SELECT id + 1 FROM numbers WHERE id < ?)
INSERT INTO jobs (id, due_at, state) SELECT id, 0, 'queued' FROM numbers
"""


class Statements(NamedTuple):
    """A claim that returns ids, and the statements of each further commit, which take `ids`, `token` and `now`."""

    claim: str
    commits: tuple[tuple[str, ...], ...]


IDS = "(SELECT value FROM json_each(:ids))"
JOBS = Statements(
    """UPDATE jobs SET state = 'running', token = :token
        WHERE id IN (SELECT id FROM jobs WHERE state = 'queued' ORDER BY due_at, id LIMIT :batch) RETURNING id""",
    ((f"UPDATE jobs SET state = 'succeeded', token = NULL WHERE id IN {IDS} AND token = :token",),),
)
JOBS_AND_ATTEMPTS = Statements(
    JOBS.claim,
    (
        (
            "INSERT INTO attempts SELECT value, 1, :now, NULL, NULL, NULL FROM json_each(:ids)",
            f"UPDATE jobs SET attempts = attempts + 1 WHERE id IN {IDS} AND token = :token",
        ),
        (
            f"""UPDATE attempts SET ended_at = :now, outcome = 'posted', ts = '1700000000.000100'
                 WHERE job_id IN {IDS} AND number = 1""",
            *JOBS.commits[0],
        ),
    ),
)
OWN_TABLES = Statements(
    """UPDATE jobs SET state = 'running', token = :token, lease_until = :now + 60000
        WHERE id IN (SELECT id FROM jobs WHERE state = 'queued' AND parked = 0 AND available_at <= :now
                      ORDER BY available_at, id LIMIT :batch) RETURNING id""",
    (
        (
            f"""INSERT INTO attempts (job_id, number, workspace_id, version, channel, worker, started_at, sent_at)
                SELECT j.id, 1, j.workspace_id, v.version, v.channel, 'worker', :now, :now
                  FROM jobs j JOIN schedule_versions v ON v.schedule_id = j.schedule_id WHERE j.id IN {IDS}""",
            f"UPDATE jobs SET attempts = attempts + 1 WHERE id IN {IDS} AND token = :token",
            f"""INSERT INTO pacing (workspace_id, method, channel, held_at, free_at)
                SELECT workspace_id, 'chat.postMessage', channel, :now, :now + 60000 FROM attempts
                 WHERE job_id IN {IDS}""",
        ),
        (
            f"""UPDATE attempts SET ended_at = :now, outcome = 'posted', http_status = 200, ts = '1700000000.000100',
                                    lateness_ms = 5 WHERE job_id IN {IDS} AND number = 1""",
            f"""UPDATE jobs SET state = 'succeeded', spent = 1, ts = '1700000000.000100', lateness_ms = 5, token = NULL,
                                lease_until = NULL WHERE id IN {IDS} AND token = :token""",
            f"""UPDATE pacing SET held_at = :now, free_at = :now + 1000
                  FROM attempts a WHERE a.job_id IN {IDS} AND pacing.workspace_id = a.workspace_id
                   AND pacing.method = 'chat.postMessage' AND pacing.channel = a.channel""",
        ),
    ),
)


def open_plain(folder: Path, jobs: int) -> apsw.Connection:
    """Return a connection to the two plain tables, with the jobs."""
    connection = apsw.Connection(str(folder / "raw.db"))
    connection.execute("PRAGMA journal_mode = WAL").fetchall()
    connection.execute(TABLES)
    connection.execute(ROWS, (jobs,))
    return connection


def open_own(folder: Path, jobs: int) -> apsw.Connection:
    """Return a connection to schedbot's tables, with the jobs, and without their triggers."""
    connection = apsw.Connection(str(create_filled(folder, jobs, due_at=0)))
    for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    return connection


PLAIN = "jobs and attempts"
LIMITS: dict[str, tuple[Statements, Callable[[Path, int], apsw.Connection]]] = {
    "jobs": (JOBS, open_plain),
    PLAIN: (JOBS_AND_ATTEMPTS, open_plain),
    "schedbot's tables": (OWN_TABLES, open_own),
}


def measure(name: str, jobs: int) -> float:
    """Return the jobs a second of a limit."""
    statements, open_tables = LIMITS[name]
    with tempfile.TemporaryDirectory() as folder:
        connection = open_tables(Path(folder), jobs)
        for pragma in ("synchronous = FULL", "foreign_keys = OFF", "cache_size = -65536"):
            connection.execute(f"PRAGMA {pragma}").fetchall()
        rate = drain(connection, statements, jobs)
        assert not connection.execute("SELECT count(*) FROM jobs WHERE state <> 'succeeded'").fetchall()[0][0]
        connection.close()
    return rate


def drain(connection: apsw.Connection, statements: Statements, jobs: int) -> float:
    """Claim and end all jobs. Returns the jobs a second."""
    started, token = time.monotonic(), 0
    while True:
        token, now = token + 1, time.time_ns() // 1_000_000
        values: dict[str, int | str] = {"token": token, "now": now, "batch": BATCH}
        with connection:
            ids = [job_id for (job_id,) in connection.execute(statements.claim, values)]
        if not ids:
            return jobs / (time.monotonic() - started)
        values["ids"] = json.dumps(ids)
        for commit in statements.commits:
            with connection:
                for sql in commit:
                    connection.execute(sql, values).fetchall()
