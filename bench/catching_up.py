"""What a fortnight off costs, missed occurrences as rows beside spans: `python -m bench.catching_up [SCHEDULES]`.

Schedules of one rule ('*/5 * * * *', misfire 'latest') are due again after 14 days without a tick. Told are the
seconds until the late posts can be claimed and until the tick is over, the bytes that the database has grown by, and
how long the audit takes for its newest fifty and its oldest 100,000. Rows, the way it was, are 4,032 for each schedule:
with a thousand of them that takes minutes, so `--rows N` lets N have them, and says so.
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
from schedbot.store.fanout import advance
from schedbot.store.history import jobs
from schedbot.store.history.filters import Filter
from schedbot.store.opening import create_database
from schedbot.store.schedules import recurrences, workspaces
from schedbot.tick import tick
from tests.support.bulk_rows import SCHEDULE, VERSION
from tests.support.sql import read_rows, read_value

BEGIN = 1_796_083_230_000  # 2026-12-01 00:00:30 UTC
BACK = BEGIN + 14 * 86_400_000 + 90_000
OLDEST = 100_000
ROW = "  {:<6} {:>9} {:>14} {:>12} {:>15} {:>12} {:>16}"


def fill(db: Database, schedules: int) -> None:
    workspaces_id = read_value(db, "SELECT id FROM workspaces")
    recurrence_id = recurrences.known(db, Recurrence("UTC", cron="*/5 * * * *"))
    for number in range(schedules):
        row = {"id": f"{number:036}", "name": f"often-{number}", "workspace_id": workspaces_id}
        db.execute(SCHEDULE, row | {"recurrence_id": recurrence_id})
        db.execute(VERSION, row | {"recurrence_id": recurrence_id, "channel": f"C{number:010d}", "priority": "normal"})
    recurrences.wake(db, recurrence_id, BEGIN)


def size(db: Database) -> int:
    read_rows(db, "PRAGMA wal_checkpoint(TRUNCATE)")
    return db.path.stat().st_size


def seconds(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def ticked(session: Session) -> tuple[float, float, int]:
    """Seconds until the first job could be claimed, until the end, and how many occurrences are missed."""
    began, first = time.perf_counter(), [0.0]

    def woken() -> None:
        first[0] = first[0] or time.perf_counter() - began

    session.db.wake = woken  # type: ignore[method-assign]  # a pool is told here that there is something to claim
    done = tick(session)
    return first[0], time.perf_counter() - began, done.missed


def measure(kind: str, schedules: int, folder: Path) -> None:
    with closing(create_database(folder / f"{kind}.db", "bench", 0)) as db:
        with db.writing():
            workspaces.ensure_default(db, 0)
            fill(db, schedules)
        before = size(db)
        first, whole, missed = ticked(Session(Settings(None, db.path), db, lambda: BACK))
        grown = size(db) - before
        newest = seconds(lambda: jobs.newest(db, Filter(), 50))
        oldest = seconds(lambda: list(islice(jobs.every(db, Filter()), OLDEST)))
    told = (
        f"{first:.2f} s",
        f"{whole:.2f} s",
        f"{grown / 1024:,.0f} KiB",
        f"{newest * 1000:.1f} ms",
        f"{oldest:.1f} s",
    )
    print(ROW.format(kind, f"{schedules:,}", *told), f"  ({missed:,} missed)", flush=True)


def main() -> None:
    said = argparse.ArgumentParser(description=__doc__)
    said.add_argument("schedules", nargs="?", type=int, default=1_000)
    said.add_argument("--rows", type=int, default=50, help="how many schedules have rows instead [50]")
    given = said.parse_args()
    print(ROW.format("", "schedules", "late post", "tick", "database", "newest 50", "oldest 100,000"))
    with TemporaryDirectory() as folder:
        measure("spans", given.schedules, Path(folder))
        advance.needs_span = lambda missed, schedules: False  # as it was before there were spans
        measure("rows", given.rows, Path(folder))


if __name__ == "__main__":
    main()
