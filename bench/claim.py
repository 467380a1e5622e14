"""Cost of a claim beside waiting and finished jobs, compared with the same claim in a small database.

    python -m bench.claim                                                 # 1,000,000 waiting, 10,000,000 finished
    python -m bench.claim --schedules 20000 --rounds 3 --workspaces 1000  # short form

A claim takes 200 jobs of 10,000 due ones in one transaction, as a pool does. The waiting jobs are due an hour later, in
the same workspaces.
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

BATCH, CLAIMS, DUE_JOBS = 200, 40, 10_000
DUE = """
UPDATE jobs SET due_at = due_at - 3600000, available_at = due_at - 3600000
 WHERE id IN (SELECT id FROM jobs WHERE state = 'queued' LIMIT :due)
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
        connection.execute(DUE, {"due": DUE_JOBS})
    db = open_database(database)
    turns = RoundRobin()
    costs = [claim(db, turns) for _ in range(CLAIMS)]
    db.close()
    for file in folder.iterdir():
        file.unlink()
    return statistics.median(costs)


def main() -> None:
    """Print the costs and their ratio."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--schedules", type=int, default=1_000_000)
    parser.add_argument("--workspaces", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=10, help="finished jobs of each schedule")
    options = parser.parse_args()
    schedules, workspaces, rounds = options.schedules, options.workspaces, options.rounds
    with tempfile.TemporaryDirectory() as folder:
        alone = measure(DUE_JOBS, workspaces, 0, Path(folder))
        waiting = measure(schedules, workspaces, 0, Path(folder))
        finished = measure(schedules, workspaces, rounds, Path(folder))
    size = f"{schedules:,} waiting jobs in {workspaces:,} workspaces"
    print("µs of the processor for each claimed job")
    print(f"10,000 due jobs alone {alone:8.1f}")
    print(f"beside {size} {waiting:8.1f}")
    print(f"and {schedules * rounds:,} finished jobs {finished:8.1f}")
    ratios = [
        Ratio(f"claim: cost beside {size} / alone", waiting / alone, "about 1"),
        Ratio(f"claim: the same beside {schedules * rounds:,} finished jobs / without", finished / waiting, "about 1"),
    ]
    show(ratios)


if __name__ == "__main__":
    main()
