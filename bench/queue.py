"""Jobs a second of a pool whose posts cost nothing, compared with the raw limit of SQLite with the same durability.

    python -m bench.queue                  # 100,000 jobs
    python -m bench.queue --jobs 10000     # short form

Default settings. The posters answer each post at once, without a request. Claims, intents and ends are written as
always, each commit with synchronous=FULL. The raw limit is one table with one index: jobs are claimed and ended in
batches, one commit for each claim and each end, and nothing else is done.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path

import apsw

from bench.soak import insert_jobs
from bench.support import noop_poster
from schedbot import log
from schedbot.model import TokenSource
from schedbot.session import Session
from schedbot.settings import Settings
from schedbot.store.open_database import create_database
from schedbot.worker.children import poster
from schedbot.worker.pool import Pool
from tests.support.app import TOKEN, now_ms

BATCH = 1_000  # of the raw limit
RAW_TABLE = """
CREATE TABLE jobs (id INTEGER NOT NULL PRIMARY KEY, due_at INTEGER NOT NULL, state TEXT NOT NULL, token INTEGER) STRICT;
CREATE INDEX jobs_claimable ON jobs (due_at, id) WHERE state = 'queued'
"""
RAW_ROWS = """
WITH RECURSIVE numbers (id) AS (VALUES (1) UNION ALL SELECT id + 1 FROM numbers WHERE id < ?)
INSERT INTO jobs SELECT id, 0, 'queued', NULL FROM numbers
"""
RAW_CLAIM = """
UPDATE jobs SET state = 'running', token = ?
 WHERE id IN (SELECT id FROM jobs WHERE state = 'queued' ORDER BY due_at, id LIMIT ?)
RETURNING id
"""
RAW_END = "UPDATE jobs SET state = 'succeeded', token = NULL WHERE id = ? AND token = ?"


def measure_raw(jobs: int, folder: Path) -> float:
    """Return the jobs a second of SQLite alone."""
    connection = apsw.Connection(str(folder / "raw.db"))
    connection.execute("PRAGMA journal_mode = WAL").fetchall()
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(RAW_TABLE)
    connection.execute(RAW_ROWS, (jobs,))
    started, token = time.monotonic(), 0
    while True:
        token += 1
        with connection:
            ids = connection.execute(RAW_CLAIM, (token, BATCH)).fetchall()
        if not ids:
            return jobs / (time.monotonic() - started)
        with connection:
            connection.executemany(RAW_END, [(job_id, token) for (job_id,) in ids])


def measure_pool(jobs: int, folder: Path) -> tuple[float, float]:
    """Return the jobs a second of a pool, from its first claim to its end, and its processor time for a job in µs."""
    os.environ["SLACK_BOT_TOKEN"] = TOKEN
    poster.run = noop_poster.run
    settings = Settings(config=None, database=folder / "schedbot.db", token=TokenSource("env", "SLACK_BOT_TOKEN"))
    session = Session(settings, create_database(settings.database, "queue", now_ms()))
    insert_jobs(session, jobs)
    cpu_before = time.process_time()
    states = Pool(session, drain=True).run()
    cpu_us = (time.process_time() - cpu_before) / jobs * 1e6
    assert states == {"succeeded": jobs}, states
    sql = "SELECT max(ended_at) - min(started_at) FROM attempts"
    spent_ms = session.db.integer(sql)
    session.db.close()
    return jobs / spent_ms * 1000, cpu_us


def main() -> None:
    """Measure both and print the ratio."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--jobs", type=int, default=100_000)
    jobs = parser.parse_args().jobs
    log.quiet = True
    with tempfile.TemporaryDirectory() as folder:
        limit = measure_raw(jobs, Path(folder))
        rate, cpu_us = measure_pool(jobs, Path(folder))
    print(f"schedbot           {rate:8.0f} jobs/s, {cpu_us:.0f} µs of processor time a job in the pool")
    print(f"raw SQLite         {limit:8.0f} jobs/s")
    print(f"ratio              {rate / limit:8.2f}")


if __name__ == "__main__":
    main()
