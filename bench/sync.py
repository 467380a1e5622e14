"""Time of a sync of many lines: the first one, one without changes, and one of which 100 lines changed.

    python -m bench.sync --lines 100000 --changed 100

Each sync is a process of its own, as cron runs it. `locked` is the time in which the write lock was held. A raw INSERT
of the same rows, without a parse, is the measure of the machine.
"""

import argparse
import csv
import fcntl
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata")
COLUMNS = ("name", "account", "channel", "cron", "tz", "text", "priority")


def build_rows(lines: int, changed: int) -> Iterator[tuple[str, ...]]:
    """Yield the rows of a list; the text of the first `changed` is another one."""
    for number in range(lines):
        text = f"Changed {number}" if number < changed else f"Report {number}"
        cron = f"{number % 60} {number % 24} * * {number % 7}"
        channel = f"C{number % 20_000:010}"
        yield f"acme-{number:06}", f"a{number % 5_000}", channel, cron, ZONES[number % 4], text, "normal"


def write_list(file: Path, lines: int, changed: int) -> None:
    with file.open("w", newline="") as out:
        csv.writer(out).writerows([COLUMNS, *build_rows(lines, changed)])


def insert_raw(folder: Path, lines: int) -> float:
    """Return the seconds of a raw INSERT of the rows."""
    with closing(sqlite3.connect(folder / "raw.db")) as raw:
        raw.execute(f"CREATE TABLE schedules ({', '.join(COLUMNS)})")
        begin = time.monotonic()
        with raw:
            raw.executemany("INSERT INTO schedules VALUES (?, ?, ?, ?, ?, ?, ?)", build_rows(lines, 0))
        return time.monotonic() - begin


class LockWatch(threading.Thread):
    """Measures how long another process holds the write lock, in steps of 2 ms."""

    def __init__(self, file: Path) -> None:
        super().__init__(daemon=True)
        self.file = file
        self.locked_s = 0.0
        self.ended = threading.Event()

    def run(self) -> None:
        with self.file.open("rb") as lock:
            last = time.monotonic()
            while not self.ended.wait(0.002):
                now = time.monotonic()
                try:
                    fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
                    fcntl.flock(lock, fcntl.LOCK_UN)
                except BlockingIOError:
                    self.locked_s += now - last
                last = now


def run_sync(folder: Path, label: str, env: dict[str, str]) -> None:
    """Run a sync and print its times."""
    watch = LockWatch(folder / "schedbot.db-lock")
    watch.start()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begin = time.monotonic()
    words = ["-m", "schedbot", "sync", str(folder / "product.csv"), "--yes", "--yes-remove"]
    done = subprocess.run([sys.executable, *words], env=env, check=True, capture_output=True, text=True)
    seconds = time.monotonic() - begin
    watch.ended.set()
    watch.join()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    figures = f"{seconds:6.2f} s  cpu {cpu:6.2f} s  locked {watch.locked_s:6.2f} s  {after.ru_maxrss >> 10:5} MB"
    print(f"{label:<22}{figures}  {done.stdout.splitlines()[-1]}")


def main() -> None:
    """Sync a list three times and print the times."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--lines", type=int, default=100_000)
    parser.add_argument("--changed", type=int, default=100)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        env = {**os.environ, "SCHEDBOT_DATABASE": str(folder / "schedbot.db")}
        env["SCHEDBOT_CONFIG"] = str(folder / "schedbot.toml")
        Path(env["SCHEDBOT_CONFIG"]).write_text("")
        subprocess.run([sys.executable, "-m", "schedbot", "init"], env=env, check=True, capture_output=True)
        (folder / "schedbot.db-lock").touch()
        print(f"{'raw INSERT':<22}{insert_raw(folder, options.lines):6.2f} s   load {os.getloadavg()[0]:.1f}")
        write_list(folder / "product.csv", options.lines, 0)
        run_sync(folder, f"first {options.lines:,}", env)
        run_sync(folder, "no changes", env)
        write_list(folder / "product.csv", options.lines, options.changed)
        run_sync(folder, f"{options.changed:,} changed", env)


if __name__ == "__main__":
    main()
