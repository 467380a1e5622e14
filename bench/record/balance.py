"""Time and memory of `audit --balance` over many occurrences.

    python -m bench.record.balance --schedules 10000 --each 100
    python -m bench.record.balance --schedules 1 --each 1000000
    python -m bench.record.balance --years 20       # years with outages, edits, pauses and wrong clocks instead

Each schedule has one occurrence a minute in one of ten recurrences, and a succeeded job for each. The command runs as
a process; its time and its largest memory are printed. `tests/support/fuzz/random_year.py` says what happens in a year.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter
from contextlib import redirect_stderr
from dataclasses import asdict
from io import StringIO
from pathlib import Path

from schedbot import times
from schedbot.admin.balance.balance import Balance
from schedbot.store.open_database import create_database
from tests.support.app import now_ms
from tests.support.bulk_rows import workspace
from tests.support.fuzz.random_year import live_through_year
from tests.support.schedules import open_schedules

MINUTE = 60_000
VERSION = """
INSERT INTO schedule_versions (schedule_id, version, recurrence_id, channel, report_kind, report_source, misfire,
                               grace_ms, max_attempts, priority, on_unknown, created_at)
VALUES (:id, 1, :recurrence_id, 'C1', 'text', 'Hi', 'latest', 21600000, 5, 'normal', 'hold', :created_at)
"""
SCHEDULE = """
INSERT INTO schedules (id, name, workspace_id, recurrence_id, version, state, effective_at, created_at)
VALUES (:id, :id, :workspace_id, :recurrence_id, 1, 'active', :created_at, :created_at)
"""
JOBS = """
WITH RECURSIVE minutes (due_at) AS (
  SELECT :created_at + 60000 UNION ALL SELECT due_at + 60000 FROM minutes WHERE due_at + 60000 <= :now)
INSERT INTO jobs (schedule_id, workspace_id, due_at, available_at, deadline_at, state, ts)
SELECT s.id, s.workspace_id, due_at, due_at, due_at, 'succeeded', '1.0' FROM minutes, schedules s
"""


def fill(path: Path, schedules: int, each: int) -> int:
    """Make a database in which all balances, up to the returned instant."""
    now = now_ms() // MINUTE * MINUTE
    with (db := create_database(path, "bench", 0)).writing():
        rows = {"workspace_id": workspace(db, "default"), "created_at": now - each * MINUTE}
        for number in range(10):
            tz = f"Etc/GMT+{number}"
            db.execute("INSERT INTO recurrences (kind, expression, tz) VALUES ('cron', '* * * * *', :tz)", {"tz": tz})
        for number in range(schedules):
            row = {**rows, "id": str(uuid.uuid4()), "recurrence_id": number % 10 + 1}
            db.execute(VERSION, {key: row[key] for key in ("id", "recurrence_id", "created_at")})
            db.execute(SCHEDULE, row)
        db.execute(JOBS, {"created_at": rows["created_at"], "now": now})
        db.execute("INSERT INTO heartbeats VALUES ('tick', 'tick', '1', :now, :now, 0)", {"now": now})
    db.close()
    return now


def balance_years(years: int) -> None:
    """Print what happened in each of many random years, and what is unaccounted."""
    happened, totals = Counter[str](), Counter[str]()
    for seed in range(years):
        with tempfile.TemporaryDirectory() as folder, open_schedules(Path(folder)) as schedules:
            with redirect_stderr(StringIO()):  # the log of the ticks
                happened.update(asdict(live_through_year(schedules, seed)))
            balance = Balance(schedules.session, None, None, None)
            totals["unaccounted"] += len(list(balance.imbalances()))
            totals["occurrences"] += balance.totals.occurrences
            totals.update({state.value: count for state, count in balance.totals.states.items()})
    for name, counts in (("years", Counter(years=years) + happened), ("on record", totals)):
        print(f"{name}: {', '.join(f'{key} {count:,}' for key, count in counts.items())}")


def main() -> None:
    """Fill a database and balance it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--schedules", type=int, default=10_000)
    parser.add_argument("--each", type=int, default=100)
    parser.add_argument("--years", type=int)
    args = parser.parse_args()
    if args.years:
        balance_years(args.years)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "s.db"
        until = times.to_rfc3339(fill(path, args.schedules, args.each))
        started = time.monotonic()
        words = [sys.executable, "-m", "schedbot", "audit", "--balance", "--json", "--to", until]
        done = subprocess.run(words, env={**os.environ, "SCHEDBOT_DATABASE": str(path)}, capture_output=True, text=True)
        seconds = time.monotonic() - started
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu, memory_mib = usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024
    print(f"{seconds:.1f} s ({cpu:.1f} s of CPU), {memory_mib:.0f} MiB: {done.stdout.splitlines()[-1]}{done.stderr}")


if __name__ == "__main__":
    main()
