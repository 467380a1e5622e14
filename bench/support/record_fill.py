"""Fill a database with the record of daily schedules, as ticks and pools would have left it: jobs, attempts, look-ups.

The results are counted and the links of the hash chain written by schedbot's own statements (`rollup_batches`,
`chain_seal`); only the indexes and the tables' triggers of jobs and attempts are made at the end.
"""

import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import apsw

from bench.support import bulk_fill
from schedbot.admin.operations.figures import rollup_batches
from schedbot.session import Session
from schedbot.settings import Settings
from schedbot.store.open_database import create_database, open_database
from schedbot.store.operations import closed_rollups
from schedbot.store.sqlite import chain_seal

DAY_MS, HOUR_MS, MINUTE_MS = 86_400_000, 3_600_000, 60_000
RULES = 800  # minutes of the day
TABLES = ("jobs", "attempts", "schedules", "schedule_versions")

VERSIONS = """
INSERT INTO schedule_versions (schedule_id, version, recurrence_id, channel, report_kind, report_source, misfire,
                               grace_ms, max_attempts, priority, on_unknown, created_at)
SELECT id, 1, recurrence_id, 'C' || substr(name, 2), iif(id < '4', 'named', 'text'),
       iif(id < '4', 'report-' || (recurrence_id % 20), 'Hello'), 'latest', 21600000, 5, 'normal', 'hold', created_at
  FROM schedules
"""
CHANGES = """
INSERT INTO changes (changed_at, actor, host, command, workspace_id, kind, object_id, name, after)
SELECT created_at, 'mary', 'host', 'import', workspace_id, 'schedule', id, name,
       json_object('name', name, 'account', account, 'cron', '0 9 * * *', 'tz', 'UTC', 'state', 'active')
  FROM schedules ORDER BY name
"""
# Of 1,000 jobs 3 are missed, 2 have nothing to report, 5 fail, 50 succeed after a retry and 2 after a look-up.
JOBS = """
INSERT INTO jobs (schedule_id, workspace_id, due_at, available_at, deadline_at, state, attempts, spent, error, ts,
                  lateness_ms)
SELECT id, workspace_id, due_at, due_at, due_at + 21600000,
       CASE WHEN r < 3 THEN 'missed' WHEN r < 5 THEN 'skipped' WHEN r < 10 THEN 'failed' WHEN r < 62 THEN 'queued'
            ELSE 'succeeded' END, r >= 3, r >= 5,
       CASE WHEN r < 3 THEN 'no_tick' WHEN r < 5 THEN 'nothing_to_report: no rows'
            WHEN r < 8 THEN 'channel_not_found' WHEN r < 10 THEN 'msg_too_long' WHEN r < 60 THEN 'request_timeout'
            WHEN r < 62 THEN 'timeout' END,
       CASE WHEN r >= 62 THEN (due_at / 1000) || '.' || printf('%06d', abs(random()) % 1000000) END,
       CASE WHEN r >= 980 THEN 100 + abs(random()) % 5000 WHEN r >= 62 THEN 5 + abs(random()) % 40 END
  FROM (SELECT s.id, s.workspace_id, :day + (s.recurrence_id - 1) * 60000 AS due_at, abs(random()) % 1000 AS r
          FROM schedules s ORDER BY 3)
"""
ATTEMPTS = """
INSERT INTO attempts (job_id, number, workspace_id, version, channel, worker, started_at, sent_at, rendered_at,
                      render_ms, report, ended_at, outcome, error, http_status, ts, lateness_ms)
SELECT j.id, j.attempts, j.workspace_id, 1, v.channel, 'host:1', j.due_at, iif(j.state = 'skipped', NULL, j.due_at + 3),
       iif(v.report_kind = 'named', j.due_at - 50, NULL), iif(v.report_kind = 'named', abs(random()) % 900, NULL),
       iif(v.report_kind = 'named', v.report_source, NULL), j.due_at + coalesce(j.lateness_ms, 30),
       CASE j.state WHEN 'succeeded' THEN 'posted' WHEN 'skipped' THEN 'nothing_to_report' WHEN 'queued'
            THEN iif(j.error = 'timeout', 'unknown', 'not_posted')
            ELSE iif(j.error = 'msg_too_long', 'message_refused', 'channel_refused') END,
       iif(j.state = 'skipped', 'no rows', j.error), iif(j.state = 'skipped', NULL, 200), j.ts, j.lateness_ms
  FROM jobs j JOIN schedule_versions v ON v.schedule_id = j.schedule_id AND v.version = 1
 WHERE j.id > :last AND j.attempts = :number
"""
LOOKUPS = """
INSERT INTO lookups (job_id, number, workspace_id, looked_up_at, answer, ts)
SELECT id, 1, workspace_id, due_at + 60000, 'found', (due_at / 1000) || '.000100' FROM jobs
 WHERE id > :last AND state = 'queued' AND error = 'timeout'
"""
END_LOOKUPS = """
UPDATE jobs SET state = 'succeeded', error = NULL, ts = (due_at / 1000) || '.000100', lateness_ms = 100
 WHERE id > :last AND state = 'queued' AND error = 'timeout'
"""
RETRIED = """
UPDATE jobs SET state = 'succeeded', error = NULL, attempts = 2, spent = 2, lateness_ms = 1000 + abs(random()) % 4000,
       ts = (due_at / 1000) || '.' || printf('%06d', abs(random()) % 1000000)
 WHERE id > :last AND state = 'queued'
"""
# As the triggers of the tables write them.
MISSED = """
INSERT INTO results (schedule_id, due_at, measure, label, step)
SELECT schedule_id, due_at, 'missed', error, 1 FROM jobs WHERE id > :last AND state = 'missed'
"""
POSTS_OF_LOOKUPS = """
INSERT INTO results (schedule_id, due_at, measure, ms, step)
SELECT j.schedule_id, j.due_at, 'posts', j.lateness_ms, 1 FROM jobs j JOIN lookups l ON l.job_id = j.id
 WHERE j.id > :last
"""
ENDED = "FROM jobs j JOIN attempts a ON a.job_id = j.id AND a.number = :number WHERE j.id > :last"
RESULTS_OF_ATTEMPTS = [
    f"INSERT INTO results (workspace_id, measure, step) SELECT a.workspace_id, a.outcome, 1 {ENDED}",
    f"""
INSERT INTO results (schedule_id, due_at, measure, ms, label, step)
SELECT j.schedule_id, j.due_at, iif(j.state = 'failed', 'failed', 'posts'), j.lateness_ms, j.error, 1
       {ENDED} AND j.state IN ('succeeded', 'failed')
""",
    f"""
INSERT INTO results (schedule_id, due_at, measure, ms, label, step)
SELECT j.schedule_id, j.due_at, 'render', a.render_ms, a.report, 1 {ENDED} AND a.render_ms IS NOT NULL
""",
    """
INSERT INTO results (schedule_id, due_at, measure, label, step)
SELECT j.schedule_id, j.due_at, 'retried', b.error, 1
  FROM jobs j JOIN attempts b ON b.job_id = j.id AND b.number = :number - 1 WHERE j.id > :last AND j.attempts = :number
""",
]


def fill(path: Path, attempts: int, schedules: int, now: int, progress: Callable[[str], None] = print) -> None:
    """Fill a new database with about so many attempts; the last day ends before `now`."""
    create_database(path, "bench", now).close()
    days = -(-attempts // (schedules * 105 // 100))
    first = (now // DAY_MS - days) * DAY_MS
    started = time.monotonic()
    with bulk_fill.filling(path, TABLES) as connection:
        chain_seal.start(connection)
        add_schedules(connection, schedules, first, now)
        for day in range(days):
            add_day(connection, first + day * DAY_MS)
            chain_seal.seal(connection)
        progress(f"{days} days of {schedules:,} schedules written in {time.monotonic() - started:.0f} s")
    add_counts(path, now)
    progress(f"indexes, triggers and counts made in all after {time.monotonic() - started:.0f} s")


def add_counts(path: Path, now: int) -> None:
    """Add the results to the roll-ups and move the counts of past months, as ticks do."""
    with closing(open_database(path)) as db:
        rollup_batches.add_results(Session(Settings(None, path), db), within_ms=HOUR_MS)
        with db.writing():
            while closed_rollups.move_slice(db, now, 1_000_000):
                pass


def add_schedules(connection: apsw.Connection, count: int, first: int, now: int) -> None:
    """Add schedules that were made at midnight of the first day, with the change records of their import.

    The occurrences of today are left to the next tick.
    """
    today = now // DAY_MS * DAY_MS
    rules = [(f"{n % 60} {n // 60} * * *", "UTC", today + n * MINUTE_MS) for n in range(RULES)]
    connection.execute(bulk_fill.WORKSPACES, {"count": max(1, count // 100)})
    connection.executemany(bulk_fill.RECURRENCE, [{"cron": c, "tz": z, "next_due_at": at} for c, z, at in rules])
    connection.execute(bulk_fill.SCHEDULES, {"count": count, "state": "active"})
    connection.execute("UPDATE schedules SET created_at = :at, effective_at = :at", {"at": first - 1})
    connection.execute(VERSIONS)
    connection.execute(CHANGES)
    heartbeat = "INSERT INTO heartbeats VALUES ('tick', 'tick', '1', :now, :now, 0)"
    connection.execute(heartbeat, {"now": now})
    chain_seal.seal(connection)


def add_day(connection: apsw.Connection, day: int) -> None:
    """Add a job of each schedule on a day, in the steps of a pool: first attempts, look-ups, second attempts."""
    last = int(str(connection.execute("SELECT coalesce(max(id), 0) FROM jobs").fetchall()[0][0]))
    connection.execute(JOBS, {"day": day})
    connection.execute(MISSED, {"last": last})
    end_attempts(connection, last, 1)
    connection.execute(LOOKUPS, {"last": last})
    connection.execute(END_LOOKUPS, {"last": last})
    connection.execute(POSTS_OF_LOOKUPS, {"last": last})
    connection.execute(RETRIED, {"last": last})
    end_attempts(connection, last, 2)


def end_attempts(connection: apsw.Connection, last: int, number: int) -> None:
    """Add the attempts of that number, and their results."""
    connection.execute(ATTEMPTS, {"last": last, "number": number})
    for statement in RESULTS_OF_ATTEMPTS:
        connection.execute(statement, {"last": last, "number": number})
