"""Cost of a claim beside finished and waiting jobs, compared with the same claim in a small database.

    python -m bench.claim                                                 # 3,000,000 finished, 1,000,000 waiting
    python -m bench.claim --schedules 20000 --rounds 3 --workspaces 1000  # short form

A claim takes 200 jobs of 10,000 due ones in one transaction, as a pool does. The waiting jobs are due an hour later.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from bench.support import bulk_fill
from bench.support.ratios import Ratio, show
from bench.tick import DUE_AT
from schedbot.store.database import Database
from schedbot.store.jobs import claims
from schedbot.store.jobs.fairness import RoundRobin
from schedbot.store.open_database import create_database, open_database

BATCH, CLAIMS = 200, 40
DUE = """
UPDATE jobs SET due_at = due_at - 3600000, available_at = due_at - 3600000
 WHERE id IN (SELECT id FROM jobs WHERE state = 'queued' LIMIT 10000)
"""


def claim(db: Database, turns: RoundRobin) -> float:
    """Claim once. Returns the microseconds of processor time for each job."""
    started = time.process_time()
    with db.writing():
        jobs = claims.claim(db, claims.ClaimRequest(DUE_AT, BATCH, DUE_AT + 60_000, turns))
    assert len(jobs) == BATCH, len(jobs)
    return (time.process_time() - started) / BATCH * 1e6


def measure(schedules: int, workspaces: int, rounds: int, folder: Path) -> float:
    """Return the median cost of a claimed job."""
    database = folder / f"{schedules}-{rounds}.db"
    create_database(database, "claim", DUE_AT).close()
    with bulk_fill.filling(database, ("jobs", "schedules", "schedule_versions")) as connection:
        bulk_fill.add_schedules(connection, schedules, workspaces, [("0 9 * * *", "UTC", DUE_AT)])
        bulk_fill.add_finished_jobs(connection, rounds, DUE_AT)
        connection.execute(bulk_fill.WAITING_JOBS, {"due_at": DUE_AT + 3_600_000})
        connection.execute(DUE)
    db = open_database(database)
    turns = RoundRobin()
    costs = [claim(db, turns) for _ in range(CLAIMS)]
    db.close()
    return statistics.median(costs)


def main() -> None:
    """Print the costs and their ratio."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--schedules", type=int, default=1_000_000)
    parser.add_argument("--workspaces", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3, help="finished jobs of each schedule")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        small = measure(10_000, 100, 0, Path(folder))
        large = measure(options.schedules, options.workspaces, options.rounds, Path(folder))
    print(f"10,000 due jobs alone                {small:8.1f} µs of the processor for each claimed job")
    finished = options.schedules * options.rounds
    print(f"beside {finished:,} finished and {options.schedules - 10_000:,} waiting {large:8.1f} µs")
    size = f"{finished:,} finished and {options.schedules:,} waiting jobs"
    show([Ratio(f"claim: cost beside {size} / alone", large / small, "about 1")])


if __name__ == "__main__":
    main()
