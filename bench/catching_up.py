"""Cost of a tick after 14 days without one: missed occurrences as spans, compared with rows.

    python -m bench.catching_up [SCHEDULES]

The schedules share a recurrence ('*/5 * * * *', misfire 'latest'). Prints the seconds until the late posts can be
claimed and until the tick ends, the growth of the database, and the time of the audit for the newest 50 and the oldest
100,000 occurrences. Rows are 4,032 for each schedule and take minutes for a thousand; `--rows N` sets their schedules.
"""

import argparse
import time
from collections.abc import Callable
from contextlib import closing
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from schedbot.model import Recurrence
from schedbot.session import Session
from schedbot.settings import Settings
from schedbot.store.database import Database
from schedbot.store.fanout import enqueue_due
from schedbot.store.history import jobs
from schedbot.store.history.filters import Filter
from schedbot.store.open_database import create_database
from schedbot.store.schedules import recurrences, workspaces
from schedbot.tick import tick
from tests.support.bulk_rows import insert_schedule
from tests.support.sql import read_rows, read_value

STARTED_AT = 1_796_083_230_000  # 2026-12-01 00:00:30 UTC
RESUMED_AT = STARTED_AT + 14 * 86_400_000 + 90_000
OLDEST = 100_000
ROW = "  {:<6} {:>9} {:>14} {:>12} {:>15} {:>12} {:>16}"


def fill(db: Database, schedules: int) -> None:
    workspace_id = read_value(db, "SELECT id FROM workspaces")
    recurrence_id = recurrences.find_or_add(db, Recurrence("UTC", cron="*/5 * * * *"))
    for number in range(schedules):
        ids = {"id": f"{number:036}", "workspace_id": workspace_id, "recurrence_id": recurrence_id}
        insert_schedule(db, {**ids, "name": f"often-{number}", "channel": f"C{number:010d}"})
    recurrences.wake(db, recurrence_id, STARTED_AT)


def size(db: Database) -> int:
    read_rows(db, "PRAGMA wal_checkpoint(TRUNCATE)")
    return db.path.stat().st_size


def seconds(function: Callable[[], object]) -> float:
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


def run_tick(session: Session) -> tuple[float, float, int]:
    """Return the seconds until the first job can be claimed and until the end, and the number of missed occurrences."""
    started, first_s = time.perf_counter(), [0.0]

    def record_wake() -> None:
        first_s[0] = first_s[0] or time.perf_counter() - started

    session.db.wake = record_wake  # type: ignore[method-assign]  # wakes a pool when jobs can be claimed
    result = tick(session)
    return first_s[0], time.perf_counter() - started, result.missed


def measure(kind: str, schedules: int, folder: Path) -> None:
    with closing(create_database(folder / f"{kind}.db", "bench", 0)) as db:
        with db.writing():
            workspaces.ensure_default(db, 0)
            fill(db, schedules)
        before = size(db)
        first_s, tick_s, missed = run_tick(Session(Settings(None, db.path), db, lambda: RESUMED_AT))
        growth = size(db) - before
        newest = seconds(lambda: jobs.newest(db, Filter(), 50))
        oldest = seconds(lambda: list(islice(jobs.every(db, Filter()), OLDEST)))
    columns = (
        f"{first_s:.2f} s",
        f"{tick_s:.2f} s",
        f"{growth / 1024:,.0f} KiB",
        f"{newest * 1000:.1f} ms",
        f"{oldest:.1f} s",
    )
    print(ROW.format(kind, f"{schedules:,}", *columns), f"  ({missed:,} missed)", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("schedules", nargs="?", type=int, default=1_000)
    parser.add_argument("--rows", type=int, default=50, help="number of schedules with rows [50]")
    args = parser.parse_args()
    print(ROW.format("", "schedules", "late post", "tick", "database", "newest 50", "oldest 100,000"))
    with TemporaryDirectory() as folder:
        measure("spans", args.schedules, Path(folder))
        enqueue_due.needs_span = lambda missed, schedules: False  # every missed occurrence as a row
        measure("rows", args.rows, Path(folder))


if __name__ == "__main__":
    main()
