"""Problems that keep work from being done on this machine: stopped processes, a full disk, rendering that lags."""

import os
from collections.abc import Iterator, Mapping, Set
from pathlib import Path

from schedbot import times
from schedbot.admin.operations import health
from schedbot.admin.operations.health import DUE_LATE_MS, Health, Problem, count
from schedbot.admin.operations.machine import process_states
from schedbot.admin.operations.machine.process_states import STOPPED
from schedbot.store.database import Database
from schedbot.store.operations import alerts, heartbeats, lagging_jobs
from schedbot.store.operations.health import read_vitals
from schedbot.store.operations.lagging_jobs import LaggingReport, PoolBeat

FULL_BYTES = 8 * 1024 * 1024  # a few minutes of writes
CONTINUE = "Let it go on with 'kill -CONT"


def assess(db: Database, now: int, expect_pool: bool | None) -> Health:
    """Return the health of the installation, with the problems of this machine."""
    return health.assess(read_vitals(db, now), expect_pool, find_problems(db, now))


def find_problems(db: Database, now: int) -> list[Problem]:
    """Return the problems of this machine, and of the delivery of alerts."""
    pools = {pid: pool for pool in lagging_jobs.list_pools(db) if (pid := process_of(pool))}
    return [
        *disk_problems(db.path.parent),
        *alert_problems(db, now),
        *pool_problems(pools, now),
        *lock_problems(db.path, pools.keys()),
        *rendering_problems(lagging_jobs.list_lagging(db, now, DUE_LATE_MS), now),
    ]


def disk_problems(folder: Path) -> Iterator[Problem]:
    """Yield a problem if the disk of the database has no room left."""
    status = os.statvfs(folder)
    free = status.f_bavail * status.f_frsize
    if free < FULL_BYTES:
        sentence = f"The disk of '{folder}' is full: {free // 1024:,} kB are free."
        yield Problem(
            f"{sentence} No post can be recorded, so none is sent. Free some space.",
            is_standstill=True,
            cause=alerts.DISK,
        )


def alert_problems(db: Database, now: int) -> Iterator[Problem]:
    """Yield a problem for each place that did not take the last alert. They have no cause: no alert is about alerts."""
    for place, error in alerts.list_errors(db, now):
        sentence = f"Alerts do not reach their {place}: {error.rstrip('.')}."
        yield Problem(f"{sentence} After you fixed it, run 'schedbot alerts test'.", is_standstill=True)


def process_of(pool: PoolBeat) -> int:
    """Return the number of the pool's process on this machine; 0 if it is gone, or elsewhere."""
    host, _, number = pool.name.rpartition(":")
    if host != os.uname().nodename or not number.isdecimal():
        return 0
    return int(number) if process_states.is_of_schedbot(int(number)) else 0


def pool_problems(pools: Mapping[int, PoolBeat], now: int) -> Iterator[Problem]:
    """Yield a problem for each pool whose process is there and does not work, and for each stopped child.

    `pools`: by the number of their process.
    """
    for pid, pool in pools.items():
        silent_ms = now - pool.beat_at
        if process_states.read_state(pid) == STOPPED:
            sentence = f"Worker pool '{pool.name}' is stopped (SIGSTOP) and posts nothing."
            yield Problem(
                f"{sentence} {CONTINUE} {pid}', or restart 'schedbot work'.", is_standstill=True, cause="pool"
            )
        elif silent_ms >= heartbeats.POOL_ALIVE_MS:
            sentence = (
                f"Worker pool '{pool.name}' runs, but has written nothing for {times.format_duration(silent_ms)}."
            )
            yield Problem(f"{sentence} Read its log, or restart 'schedbot work'.", is_standstill=True, cause="pool")
        for child in process_states.list_descendants(pid):
            if process_states.read_state(child) == STOPPED:
                sentence = f"Process {child} of worker pool '{pool.name}' is stopped (SIGSTOP): its jobs wait."
                yield Problem(f"{sentence} {CONTINUE} {child}', or end it: the pool starts another.", cause="child")


def lock_problems(path: Path, pools: Set[int]) -> Iterator[Problem]:
    """Yield a problem for each other process that is stopped while it holds a lock of the database."""
    holders = {
        pid
        for name in (f"{path.name}-lock", f"{path.name}-tick.lock")
        for pid in process_states.list_lock_holders(path.with_name(name))
    }
    for pid in sorted(holders - pools):
        if process_states.read_state(pid) == STOPPED:
            sentence = f"Process {pid} is stopped (SIGSTOP) and holds a lock of the database: no tick can finish."
            yield Problem(
                f"{sentence} {CONTINUE} {pid}', or end it: nothing is lost.", is_standstill=True, cause="lock"
            )


def rendering_problems(lagging: list[LaggingReport], now: int) -> Iterator[Problem]:
    """Yield a problem for each report whose rendering does not keep up."""
    for each in lagging:
        jobs = count(each.jobs, "due job waits", "due jobs wait")
        oldest = times.format_duration(now - each.oldest_at)
        steps = "'schedbot reports' shows how long it takes; more 'renderers' below [work] help if it waits for others."
        yield Problem(
            f"Rendering lags: {jobs} for the report '{each.report}', the oldest for {oldest}. {steps}",
            cause="rendering",
        )
