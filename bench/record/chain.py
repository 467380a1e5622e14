"""Time to verify the hash chain, and the time that it adds to the commits of a pool.

    python -m bench.record.chain --jobs 500000

Posted jobs are written as a pool does, 50 in a transaction, each with one attempt, with the chain and without it; then
the chain is verified.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path

from schedbot.store.operations import chain
from schedbot.store.sqlite.connection import SqliteDatabase
from schedbot.store.sqlite.open_file import create_file
from tests.support.bulk_rows import flood

EACH = 50
JOBS = """
INSERT INTO jobs (schedule_id, workspace_id, due_at, available_at, deadline_at, state, attempts)
SELECT s.id, s.workspace_id, n.value * 1000, 0, 0, 'queued', 1 FROM schedules s, json_each(:numbers) n
"""
ATTEMPTS = """
INSERT INTO attempts (job_id, number, workspace_id, version, channel, worker, started_at, sent_at)
SELECT j.id, 1, j.workspace_id, 1, 'C0000000001', 'pool', 1, 2
  FROM jobs j JOIN json_each(:numbers) n ON n.value * 1000 = due_at
"""
END = """
UPDATE attempts SET ended_at = 3, outcome = 'posted', ts = '1.2', http_status = 200, lateness_ms = 4
  FROM jobs j JOIN json_each(:numbers) n ON n.value * 1000 = due_at WHERE attempts.job_id = j.id
"""
SETTLE = """
UPDATE jobs SET state = 'succeeded', ts = '1.2', lateness_ms = 4
 WHERE due_at IN (SELECT value * 1000 FROM json_each(:numbers))
"""


def write(db: SqliteDatabase, jobs: int) -> float:
    """Write the jobs. Returns the seconds of the transactions that end them."""
    total = 0.0
    for first in range(1, jobs, EACH):
        numbers = {"numbers": json.dumps(list(range(first, first + EACH)))}
        with db.writing():
            db.execute(JOBS, numbers)
            db.execute(ATTEMPTS, numbers)
        started = time.process_time()
        with db.writing():
            db.execute(END, numbers)
            db.execute(SETTLE, numbers)
        total += time.process_time() - started
    return total


def main() -> None:
    """Write with and without the chain, and verify."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=50_000)
    jobs = parser.parse_args().jobs
    for has_chain in (False, True):
        with tempfile.TemporaryDirectory() as folder:
            db = create_file(Path(folder) / "s.db", "bench", 0)
            flood(db, "default", 1)
            if not has_chain:
                db.stop_sealing()
            seconds = write(db, jobs)
            name = "with" if has_chain else "without"
            print(f"{name} the chain: {seconds / jobs * 1e6:.0f} us of CPU for each job's end")
            if has_chain:
                cpu, started = time.process_time(), time.monotonic()
                report = chain.verify(db)
                took, cpu = time.monotonic() - started, time.process_time() - cpu
                print(f"{report.rows:,} rows in {report.links:,} links verified in {took:.1f} s ({cpu:.1f} s of CPU)")
                assert not report.problem, report.problem
            db.close()


if __name__ == "__main__":
    main()
