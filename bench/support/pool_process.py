"""Pool in a process of its own, with its processor time for parent and children, and the database that it works on."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from bench.support import bulk_fill
from schedbot.store.database import Database
from schedbot.store.open_database import create_database, open_database
from schedbot.times.zones import zone_data_version
from tests.support.app import TOKEN

RULE = ("0 9 * * *", "UTC", 4_000_000_000_000)  # not due before 2096: the benches insert the jobs


class Times(NamedTuple):
    """Seconds of a pool since all posters were ready.

    The main thread of the parent works for `main_s`, and waits for a core, for messages (idle) and for the disk.
    """

    wall_s: float
    main_s: float
    delay_s: float
    idle_s: float
    parent_s: float
    children_s: float

    @property
    def disk_s(self) -> float:
        """All of the main thread's time that is nothing else."""
        return max(0, self.wall_s - self.main_s - self.delay_s - self.idle_s)

    def without_idle(self, seconds: float) -> "Times":
        """Return the times without a span in which the pool only waited for an instant."""
        return self._replace(wall_s=self.wall_s - seconds, idle_s=max(0, self.idle_s - seconds))

    def __str__(self) -> str:
        shares = {
            "works": self.main_s,
            "waits for a core": self.delay_s,
            "for the disk": self.disk_s,
            "idle": self.idle_s,
        }
        return ", ".join(f"{name} {seconds / self.wall_s:.0%}" for name, seconds in shares.items())


class PoolResult(NamedTuple):
    """End of a pool. `statements`: microseconds for each job, calls and text."""

    states: dict[str, int]
    started_children: int
    times: Times
    statements: list[tuple[float, int, str]]


class PoolFlags(NamedTuple):
    """Flags of a measured pool.

    `is_noop`: its posters answer each post without a request. `is_quiet`: without a line of the log for each post.
    `is_timed`: the time of each statement is counted. `profile`: file that cProfile writes.
    """

    is_noop: bool = False
    is_drain: bool = False
    is_quiet: bool = False
    is_timed: bool = False
    profile: str = ""


class PoolProcess:
    """A pool that runs, with default settings but for those in `settings`. The log goes to a file beside the database.

    `flags`: fields of PoolFlags.
    """

    def __init__(self, database: Path, settings: Mapping[str, object] | None = None, **flags: Any) -> None:
        options = {"database": str(database), **PoolFlags(**flags)._asdict(), **(settings or {})}
        command = [sys.executable, "-m", "bench.support.pool_main", json.dumps(options)]
        self.log = database.with_name("pool.log")
        with self.log.open("wb") as errors:
            environment = {**os.environ, "SLACK_BOT_TOKEN": TOKEN}
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, env=environment, text=True
            )
        self.lines = list[dict[str, Any]]()

    @property
    def pid(self) -> int:
        return self.process.pid

    def wait_until_ready(self) -> None:
        """Wait until all posters are ready, or the pool has ended."""
        self.lines += [self.read_line(), self.read_line()]

    def stop(self) -> None:
        """Ask the pool to stop."""
        self.process.send_signal(signal.SIGTERM)

    def wait(self) -> PoolResult:
        """Wait for the end of the pool."""
        while not self.lines or "states" not in self.lines[-1]:
            self.lines.append(self.read_line())
        self.process.wait()
        start, end = self.lines[-2:]  # a short drain may end before all posters are ready: then from its beginning
        times = Times(*(end[name] - start[name] for name in Times._fields))
        return PoolResult(end["states"], end["started_children"], times, end["statements"])

    def read_line(self) -> dict[str, Any]:
        """Return the next line of the pool. Raises RuntimeError with the end of its log if there is none."""
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            self.process.kill()
            raise RuntimeError(f"The pool has ended:\n{self.log.read_text()[-2_000:]}")
        fields: dict[str, Any] = json.loads(line)
        return fields


def create_filled(folder: Path, schedules: int, workspaces: int = 1, due_at: int | None = None) -> Path:
    """Return a database with schedules that each have a channel of their own, and with a job of each if `due_at`."""
    database = folder / "schedbot.db"
    create_database(database, "bench", 0).close()
    with bulk_fill.filling(database, ("jobs", "schedules", "schedule_versions")) as connection:
        bulk_fill.add_schedules(connection, schedules, workspaces, [RULE])
        # Else the first tick computes the next instants anew.
        connection.execute("UPDATE installation SET zone_data = :version", {"version": zone_data_version()[0]})
        if due_at is not None:
            connection.execute(bulk_fill.WAITING_JOBS, {"due_at": due_at})
    return database


def insert_jobs(database: Path, due_at: int) -> None:
    """Insert a job of each schedule while a pool runs, and wake the pool."""
    db = open_database(database)
    with db.writing():
        db.execute(bulk_fill.WAITING_JOBS, {"due_at": due_at})
    db.wake()
    db.close()


def read_rate(db: Database) -> float:
    """Return the jobs a second, from the first attempt's start to the last attempt's end."""
    first, last, count = (
        db.integer(f"SELECT {what} FROM attempts") for what in ("min(started_at)", "max(ended_at)", "count(*)")
    )
    return count / (last - first) * 1000


def now_ms() -> int:
    """Return the present instant."""
    return time.time_ns() // 1_000_000
