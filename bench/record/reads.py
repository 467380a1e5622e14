"""Answers of the commands beside many attempts: why, stats, audit, log, metrics, health.

    python -m bench.record.reads                                            # 10,000,000 attempts of 20,000 schedules
    python -m bench.record.reads --attempts 50000 --schedules 500           # short form
    python -m bench.record.reads --database FILE                            # keep the filled database, or use it again

The counts of results and the hash chain are written by schedbot's own statements (bench/support/record_fill.py). `why`
is asked about each state of a job and each cause. A command's seconds have those of the processor in brackets; beside
them is the same command on an empty database.
"""

import argparse
import tempfile
import time
from contextlib import closing
from pathlib import Path

from bench.record import why_cases
from bench.scale import Program
from bench.support import record_fill
from schedbot.admin.explain import why
from schedbot.admin.operations.figures import stats
from schedbot.session import Session
from schedbot.settings import Settings
from schedbot.store.open_database import open_database
from schedbot.store.schedules import workspaces
from schedbot.tick import tick
from tests.support.app import now_ms
from tests.support.schedules import Schedules, clock

COUNT = "SELECT count(*) FROM jobs WHERE state = :state AND kind <> 'test'"
HOUR, DAY = 3_600_000, 86_400_000
COMMANDS = [
    *(["stats", "--by", by, "--csv"] for by in stats.BY),
    ["stats", "--by", "account", "--since", "30d", "--csv"],
    ["stats", "--by", "account", "--since", "200d", "--csv"],
    ["why", "s0000005"],
    ["why", "busy"],
    ["audit", "1000"],
    ["audit", "--state", "failed"],
    ["audit", "--state", "failed", "--since", "7d", "--json"],
    ["log", "s0000005"],
    ["metrics"],
    ["health"],
]


def prepare(database: Path, attempts: int, schedules: int) -> None:
    """Fill the database, tick once, and add what `why` is asked about."""
    now = now_ms()
    record_fill.fill(database, attempts, schedules, now)
    with closing(open_database(database)) as db:
        tick(Session(Settings(None, database), db))
        with db.writing():
            workspaces.ensure_default(db, now)
        due_at = now // HOUR * HOUR
        cases = Schedules(db, database, f"{clock(due_at - 40 * DAY)}:00")
        why_cases.add_jobs(cases, due_at)
        cases.utc = f"{clock(now)}:00"
        why_cases.add_causes(cases, now)


def measure_why(database: Path) -> None:
    """Print the milliseconds of each explanation, at its first time."""
    now = now_ms()
    with closing(open_database(database)) as db:
        session = Session(Settings(None, database, actor="bench@host"), db)
        names = db.texts("SELECT name FROM schedules WHERE name NOT LIKE 's0%' ORDER BY name")
        questions = [(name, at) for name in names for at in ("", clock(now // HOUR * HOUR), clock(now + 3 * HOUR))]
        questions += [("s0000005", clock(now - days * DAY)[:10]) for days in (1, 100, 400, 2000)]
        slowest = 0.0
        for name, at in questions:
            started, cpu = time.monotonic(), time.process_time()
            explained = why.explain_each(session, name, at).shown
            wall, cpu = (time.monotonic() - started) * 1000, (time.process_time() - cpu) * 1000
            slowest = max(slowest, wall)
            print(f"  {wall:6.1f} ms ({cpu:5.1f})  {name:<22} {at:<17} {explained[0].because[0][:70]}")
    print(f"why: {len(questions)} questions, the slowest {slowest:.0f} ms")


def compare_counts(database: Path) -> None:
    """Print whether the counts of stats are those of the tables."""
    with closing(open_database(database)) as db:
        session = Session(Settings(None, database), db)
        for by in ("day", "account"):
            rows = stats.compute(session, by, 0)
            print(
                f"stats by {by}: {sum(row.posts for row in rows):,} posts, {sum(row.failed for row in rows):,} failed"
            )
        posts, failed = (db.integer(COUNT, {"state": state}) for state in ("succeeded", "failed"))
        print(f"tables: {posts:,} posts, {failed:,} failed")


def measure_commands(full: Program, empty: Program) -> None:
    """Print the seconds of each command."""
    for words in COMMANDS:
        (wall, cpu), (_, base) = full.run(*words), empty.run(*words)
        print(f"{' '.join(words):<46} {wall:6.2f} s ({cpu:.2f})   empty ({base:.2f})", flush=True)


def main() -> None:
    """Fill and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--attempts", type=int, default=10_000_000)
    parser.add_argument("--schedules", type=int, default=20_000)
    parser.add_argument("--database", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        full, empty = (Program(path) for path in make_folders(Path(folder)))
        full.database = args.database or full.database
        full.env["SCHEDBOT_DATABASE"] = str(full.database)
        if not args.database or not args.database.exists():
            full.database.unlink(missing_ok=True)
            prepare(full.database, args.attempts, args.schedules)
        print(f"{full.database.stat().st_size / 1e6:,.0f} MB")
        compare_counts(full.database)
        measure_why(full.database)
        measure_commands(full, empty)


def make_folders(parent: Path) -> list[Path]:
    """Make folders for a full and an empty installation."""
    folders = [parent / name for name in ("full", "empty")]
    for folder in folders:
        folder.mkdir()
    return folders


if __name__ == "__main__":
    main()
