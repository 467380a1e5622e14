"""Invariants of jobs and attempts, each with a query for the rows that violate it."""

from typing import Any

import apsw

from schedbot.store.database import Database
from schedbot.store.history.result_counts import KINDS, all_of
from tests.support.sql import read_rows

VIOLATIONS = {
    "only a running job has a lease": "SELECT id FROM jobs WHERE (state = 'running') <> (token IS NOT NULL)",
    "one open attempt at most": """
        SELECT job_id FROM attempts WHERE ended_at IS NULL GROUP BY job_id HAVING count(*) > 1""",
    "an open attempt is a running job's": """
        SELECT job_id FROM attempts a JOIN jobs j ON j.id = a.job_id
         WHERE a.ended_at IS NULL AND j.state <> 'running'""",
    "attempts are numbered 1, 2, 3 ...": """
        SELECT id FROM jobs j WHERE (SELECT count(*) FROM attempts a WHERE a.job_id = j.id) <> j.attempts
            OR EXISTS (SELECT 1 FROM attempts a WHERE a.job_id = j.id AND a.number NOT BETWEEN 1 AND j.attempts)""",
    "no attempt is spent that was not made": "SELECT id FROM jobs WHERE spent > attempts",
    "a success has a ts": "SELECT id FROM jobs WHERE state = 'succeeded' AND ts IS NULL",
    "no job waits for a paused schedule": """
        SELECT j.id FROM jobs j JOIN schedules s ON s.id = j.schedule_id
         WHERE j.state IN ('queued', 'running') AND s.state IN ('paused', 'suspended', 'removed')
           AND (s.state_until IS NULL OR s.state_until > coalesce(j.deferred_to, j.due_at))
           AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.job_id = j.id AND a.ended_at IS NULL)""",
    "each day with jobs is listed": "SELECT id FROM jobs WHERE day NOT IN (SELECT day FROM job_days)",
    "each day with open jobs is listed": """
        SELECT id FROM jobs WHERE state IN ('queued', 'running')
           AND day NOT IN (SELECT day FROM job_days WHERE has_open = 1)""",
    "only jobs of a paused workspace are parked": """
        SELECT j.id FROM jobs j JOIN workspaces w ON w.id = j.workspace_id
         WHERE j.state = 'queued' AND j.parked <> (w.paused_at IS NOT NULL)""",
}


def list_violations(db: Database) -> list[str]:
    """Return the invariants that do not hold."""
    return [name for name, sql in VIOLATIONS.items() if read_rows(db, sql)]


ALL_COUNTS = " UNION ALL ".join(f"SELECT * FROM {all_of(kind)}" for kind in KINDS)  # noqa: S608
COUNTS = f"SELECT kind, period, key, measure, bucket, sum(count), sum(total_ms) FROM ({ALL_COUNTS})"  # noqa: S608
COUNTS += " GROUP BY 1, 2, 3, 4, 5 HAVING sum(count) <> 0 ORDER BY 1, 2, 3, 4, 5"
# Each row is inserted anew, as it is now, into a copy without counts: the triggers for new rows count all of them.
INSERT_ANEW = """
INSERT INTO prunes (id, pruned_at, older_than, keeps_failed, is_deleting) VALUES (-1, 0, 0, 0, 1);
CREATE TEMP TABLE old_jobs AS SELECT * FROM jobs;
ALTER TABLE old_jobs DROP COLUMN day; -- computed
CREATE TEMP TABLE old_attempts AS SELECT * FROM attempts;
DELETE FROM attempts;
DELETE FROM jobs;
DELETE FROM rollups;
DELETE FROM results;
UPDATE rollup_batch SET last_id = 0, period = -1, key = '';
INSERT INTO jobs SELECT * FROM old_jobs;
INSERT INTO attempts SELECT * FROM old_attempts ORDER BY job_id, number;
"""


def list_counts(db: Database) -> list[tuple[Any, ...]]:
    """Return the counts of results."""
    return read_rows(db, COUNTS)


def recount(db: Database) -> list[tuple[Any, ...]]:
    """Return the counts that triggers make of all jobs and attempts."""
    copy, source = apsw.Connection(":memory:"), apsw.Connection(str(db.path))
    with copy.backup("main", source, "main") as backup:
        backup.step(-1)
    copy.execute(INSERT_ANEW).fetchall()
    return copy.execute(COUNTS).fetchall()
