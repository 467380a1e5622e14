"""Import of many new schedules: its rate beside raw inserts, its memory, and a pool that posts meanwhile.

    python -m bench.imports                                  # 1,000,000 lines
    python -m bench.imports --lines 100000 --seconds 30
    python -m bench.imports --lines 5000 --seconds 3         # short form

The raw inserts write the same rows into the same tables and indexes, in one transaction. The write lock is what a pool
waits for. The pool has a post due every 25 ms for `--seconds`, and the import runs in that time; its posters answer at
once. Its lateness is shown with the import and without it.
"""

import argparse
import csv
import tempfile
import threading
import time
from contextlib import closing
from pathlib import Path

import apsw

from bench.scale import Program
from bench.support import process_memory
from bench.support.pool_process import PoolProcess, create_filled, now_ms
from bench.support.ratios import Ratio, show
from bench.sync import COLUMNS, LockWatch, build_rows
from bench.tick import DUE_AT
from schedbot.store.open_database import create_database, open_database

TABLES = ("schedules", "schedule_versions", "changes")
STEP_MS = 25
AHEAD_MS = 3_000
SPREAD = "UPDATE jobs SET due_at = due_at + id * :step, available_at = due_at + id * :step WHERE state = 'queued'"


class MemoryWatch(threading.Thread):
    """Measures the most memory of a process and its children together, in MiB."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid = pid
        self.peak = 0.0
        self.ended = threading.Event()

    def run(self) -> None:
        while not self.ended.wait(0.05):
            pids = [self.pid, *process_memory.list_children(self.pid)]
            self.peak = max(self.peak, sum(map(process_memory.read_memory, pids)))


def write_file(file: Path, lines: int) -> None:
    with file.open("w", newline="") as out:
        csv.writer(out).writerows([COLUMNS, *build_rows(lines, 0)])


def insert_raw(database: Path, copy: Path) -> tuple[float, float]:
    """Insert the rows of an import into an empty database, in one transaction.

    Returns seconds, and seconds of the processor.
    """
    create_database(copy, "raw", DUE_AT).close()
    connection = apsw.Connection(str(copy))
    for pragma in ("synchronous = FULL", "foreign_keys = OFF", "cache_size = -262144"):
        connection.execute(f"PRAGMA {pragma}").fetchall()
    connection.execute("ATTACH ? AS source", (str(database),))
    wall = cpu = 0.0
    connection.execute("BEGIN")
    for table in TABLES:
        rows = connection.execute(f"SELECT * FROM source.{table}").fetchall()
        wall, cpu = wall - time.monotonic(), cpu - time.process_time()
        connection.executemany(f"INSERT INTO main.{table} VALUES ({','.join('?' * len(rows[0]))})", rows)
        wall, cpu = wall + time.monotonic(), cpu + time.process_time()
    wall, cpu = wall - time.monotonic(), cpu - time.process_time()
    connection.execute("COMMIT")
    return wall + time.monotonic(), cpu + time.process_time()


def measure_memory(program: Program, file: Path) -> float:
    """Run the import. Returns the most memory in MiB."""
    process = program.start("import", str(file))
    watch = MemoryWatch(process.pid)
    watch.start()
    process.communicate()
    watch.ended.set()
    watch.join()
    return watch.peak


def measure_alone(lines: int, folder: Path) -> list[Ratio]:
    """Print the figures of an import with nothing beside it, and return them."""
    file = folder / "schedules.csv"
    write_file(file, lines)
    program = Program(folder)
    watch = LockWatch(folder / "schedbot.db-lock")
    watch.start()
    wall, cpu = program.run("import", str(file))
    watch.ended.set()
    watch.join()
    raw, raw_cpu = insert_raw(program.database, folder / "raw.db")
    (folder / "again").mkdir()
    memory = measure_memory(Program(folder / "again"), file)
    print(f"import       {lines / wall:8.0f} lines/s   cpu {cpu / lines * 1e6:5.1f} µs a line   {memory:5.0f} MiB")
    print(f"raw inserts  {lines / raw:8.0f} lines/s   cpu {raw_cpu / lines * 1e6:5.1f} µs a line")
    print(f"The import holds the write lock for {watch.locked_s:.2f} s.")
    return [
        Ratio(f"imports: {lines:,} lines", lines / wall, "at least 30000", "/s"),
        Ratio("imports: rate / raw inserts", raw / wall),
        Ratio("imports: processor time / raw inserts", cpu / raw_cpu),
        Ratio("imports: write lock", watch.locked_s, "", "s"),
    ]


def measure_lateness(seconds: int, folder: Path, file: Path | None) -> list[int]:
    """Return the lateness of a pool's posts in milliseconds, in order. An import of `file` runs beside it."""
    start = now_ms() + AHEAD_MS
    posts = seconds * 1000 // STEP_MS
    database = create_filled(folder, posts, due_at=start)
    with closing(open_database(database)) as db, db.writing():
        db.execute(SPREAD, {"step": STEP_MS})
    program = Program(folder)
    pool = PoolProcess(database, is_noop=True, is_quiet=True)
    pool.wait_until_ready()
    time.sleep(max(0, (start - now_ms()) / 1000 + seconds / 10))
    if file:
        program.run("import", str(file))
    time.sleep(max(0, (start - now_ms()) / 1000 + seconds + 1))
    pool.stop()
    pool.wait()
    with closing(open_database(database)) as db:
        return db.integers("SELECT lateness_ms FROM jobs WHERE lateness_ms IS NOT NULL ORDER BY 1")


def main() -> None:
    """Measure all."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=int, default=120)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for place in ("alone", "quiet", "pool"):
            (folder / place).mkdir()
        ratios = measure_alone(options.lines, folder / "alone")
        for place, file in (("quiet", None), ("pool", folder / "alone" / "schedules.csv")):
            late = measure_lateness(options.seconds, folder / place, file)
            p50, p99, most = late[len(late) // 2], late[len(late) * 99 // 100], late[-1]
            print(f"pool {'beside it' if file else 'alone':<10} p50 {p50} ms   p99 {p99} ms   most {most} ms")
            ratios.append(Ratio(f"imports: p99 of a pool {'beside it' if file else 'alone'}", p99, "", "ms"))
    show(ratios)


if __name__ == "__main__":
    main()
