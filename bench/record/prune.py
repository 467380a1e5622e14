"""Lateness of posts while `prune` deletes, and without it, in the same run; then space, chain and balance.

    python -m bench.record.prune                                          # 1,000,000 attempts, of which a third stays
    python -m bench.record.prune --attempts 50000 --schedules 500 --seconds 5   # short form

A pool with default settings posts 20 jobs each half second, to a server that answers in 20 ms. `prune` runs beside it
for at most as long as the pool ran alone, and goes on without the pool until its end.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from bench.scale import Program
from bench.support import record_fill
from bench.support.pool_process import PoolProcess
from bench.support.post_server import PostServer
from schedbot.session import Session
from schedbot.settings import Settings
from schedbot.store.database import Database
from schedbot.store.open_database import open_database
from schedbot.tick import tick
from tests.support.app import now_ms
from tests.support.bulk_rows import insert_due

ANSWER_S = 0.02
JOBS, ROUND_S, AHEAD_MS = 20, 0.5, 400
LATENESS = """
SELECT lateness_ms FROM jobs WHERE due_at BETWEEN :first AND :last AND schedule_id IN (SELECT id FROM schedules
 WHERE name LIKE 'due-%') ORDER BY lateness_ms
"""


class DueJobs:
    """Jobs that come due while something else runs."""

    def __init__(self, db: Database) -> None:
        self.db, self.rounds = db, 0

    def post_for(self, seconds: float, other: "subprocess.Popen[str] | None" = None) -> list[int]:
        """Insert jobs for so long, or until the other process has ended. Return their lateness in milliseconds."""
        first, end_at = now_ms(), time.monotonic() + seconds
        while time.monotonic() < end_at and (other is None or other.poll() is None):
            self.rounds += 1
            names = [f"due-{self.rounds}-{number}" for number in range(JOBS)]
            insert_due(self.db, "w0", names, now_ms() + AHEAD_MS)
            time.sleep(ROUND_S)
        last = now_ms()
        time.sleep(2 * AHEAD_MS / 1000)
        return self.db.integers(LATENESS, {"first": first, "last": last})


def command_line(*words: str) -> list[str]:
    """Return the words that run a command of schedbot."""
    return [sys.executable, "-m", "schedbot", *words]


def show(name: str, late: list[int]) -> None:
    """Print the percentiles of the lateness."""
    p50, p95, p99 = (late[len(late) * percent // 100] for percent in (50, 95, 99))
    print(
        f"{name:<14} {len(late):6} posts   p50 {p50} ms   p95 {p95} ms   p99 {p99} ms   most {late[-1]} ms", flush=True
    )


def measure_lateness(program: Program, older_than: str, seconds: float) -> None:
    """Print the lateness of a pool alone, beside a prune, and alone again."""
    with PostServer(ANSWER_S) as server, closing(open_database(program.database)) as db:
        tick(Session(Settings(None, program.database), db))
        pool = PoolProcess(program.database, {"api_url": server.api_url}, is_quiet=True)
        pool.wait_until_ready()
        due = DueJobs(db)
        due.post_for(3)
        alone = due.post_for(seconds)
        prune = subprocess.Popen(command_line("prune", "--older-than", older_than), env=program.env, text=True)
        beside = due.post_for(seconds, prune)
        was_running = prune.poll() is None
        prune.terminate()
        prune.wait()
        again = due.post_for(seconds)
        pool.stop()
        pool.wait()
    show("alone", alone)
    show("beside prune" if was_running else "beside (ended)", beside)
    show("alone again", again)


def measure_rest(program: Program, older_than: str) -> None:
    """Print the time of the rest of the prune, the space, and what chain and balance say then."""
    before = program.database.stat().st_size
    wall, cpu = program.run("prune", "--older-than", older_than)
    after = program.database.stat().st_size
    print(
        f"rest of the prune {wall:.1f} s ({cpu:.1f})   file {before / 1e6:,.0f} MB -> {after / 1e6:,.0f} MB", flush=True
    )
    span = ["--schedule", "s0*", "--from", "30d", "--json"]
    for words in (["doctor", "--chain", "--json"], ["audit", "--balance", *span]):
        done = subprocess.run(command_line(*words), env=program.env, capture_output=True, text=True, check=False)
        lines = [line for line in done.stdout.splitlines() if '"chain"' in line or '"balanced"' in line]
        print(f"{' '.join(words)}: {' '.join(lines) or done.stderr}", flush=True)


def main() -> None:
    """Fill, post, prune and check."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--attempts", type=int, default=1_000_000)
    parser.add_argument("--schedules", type=int, default=2_000)
    parser.add_argument("--seconds", type=float, default=30)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        program = Program(Path(folder))
        program.database.unlink()
        record_fill.fill(program.database, args.attempts, args.schedules, now_ms())
        days = args.attempts // args.schedules
        older_than = f"{days // 3}d"
        measure_lateness(program, older_than, args.seconds)
        measure_rest(program, older_than)


if __name__ == "__main__":
    main()
