"""Power cuts during changes: all of a change is in the file or nothing, and all of it once its command ended."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from schedbot.admin.import_export.importer import Source, import_file
from schedbot.admin.jobs import backfill as backfill_jobs
from schedbot.admin.jobs import retry as retry_jobs
from schedbot.admin.schedules import pause_all, shared_calendars
from schedbot.admin.workspaces import manage
from schedbot.store.database import Database
from schedbot.store.history.filters import Filter
from schedbot.store.open_database import open_database
from tests.support.power_cut import PowerCut, restore_each, simulated_disk
from tests.support.schedules import Schedules, clock, ms, open_schedules
from tests.support.sql import read_rows, read_value

pytestmark = pytest.mark.slow

# `owner` is the place of the file, and the restored one lies elsewhere.
UNCOMPARED = "('heartbeats', 'owner', 'sqlite_sequence')"
TABLES = f"SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT IN {UNCOMPARED}"  # noqa: S608
FAIL = "UPDATE jobs SET state = 'failed', error = 'timeout', attempts = 1, spent = 1 WHERE state = 'queued'"
IN_TIME, HOURS_LATER, A_DAY_LATER = "2026-12-01 08:59:00", "2026-12-01 12:00:30", "2026-12-02 12:00:30"
Act = Callable[[Schedules], object]
Content = dict[str, list[tuple[Any, ...]]]


@dataclass(frozen=True)
class CutChange:
    """Power cuts during a change (`observed`: had it ended?), and the content of the file before and after it."""

    cuts: list[PowerCut]
    old: Content
    new: Content
    jobs: list[str]


def content(db: Database) -> Content:
    """Return all rows but heartbeats and the owner. The file must be intact."""
    assert read_value(db, "PRAGMA integrity_check") == "ok"
    return {name: read_rows(db, f"SELECT * FROM {name}") for (name,) in read_rows(db, TABLES)}  # noqa: S608


def cut_change(folder: Path, act: Act, *before: Act) -> CutChange:
    """Cut the power at each sync of `act`, at its end, and while its connection is closed."""
    ended: list[bool] = []
    with simulated_disk() as disk:
        with open_schedules(folder) as schedules:
            read_rows(schedules.db, "PRAGMA wal_autocheckpoint = 0")  # a checkpoint runs when the file is closed
            for prepare in before:
                prepare(schedules)
            read_rows(schedules.db, "PRAGMA wal_checkpoint")  # the log starts again at its beginning
            old = content(schedules.db)
            disk.observer = lambda: bool(ended)
            act(schedules)
            ended.append(True)
            disk.cut("the end")
            new, jobs = content(schedules.db), schedules.jobs()
        disk.cut("closed")
    schedules.path.unlink()  # a cut leaves one file: beside the whole one, the restored one is a copy
    return CutChange(disk.cuts, old, new, jobs)


def add_schedules(schedules: Schedules, until: str = HOURS_LATER) -> None:
    """Add schedules. One has a failed job, and missed many occurrences during a downtime."""
    schedules.add("minutely", cron="* * * * *", account="42")
    schedules.tick(IN_TIME)
    with schedules.db.writing():
        schedules.db.execute(FAIL)
    schedules.tick(until)
    schedules.add("waits", cron="1 12 * * *", account="42")
    schedules.add("others", cron="0 9 * * *", account="43")


def miss_many(schedules: Schedules) -> None:
    """Add more missed jobs than a slice of a retry takes. Each tick misses fewer than become one row."""
    add_schedules(schedules, "2026-12-01 10:30")
    for minutes in range(90, 90 * 17, 90):
        schedules.tick(clock(ms("2026-12-01 10:30") + minutes * 60_000))


def add_many_schedules(schedules: Schedules) -> None:
    """Add more rules than a slice of a tick takes, none of them due yet."""
    schedules.utc = "2026-12-01 08:50:00"
    rules = [f"0 9 1-{day} {months} *" for day in range(2, 31) for months in ("*", "12")]
    for number, cron in enumerate([*rules, "* * * * *"]):
        schedules.add(f"report-{number}", cron=cron, misfire="all" if number % 2 else "latest")


@contextmanager
def resume(folder: Path, utc: str) -> Iterator[Schedules]:
    """Open the restored database, at this time."""
    db = open_database(folder / "schedbot.db")
    yield Schedules(db, db.path, utc)
    db.close()


def import_(schedules: Schedules) -> None:
    lines = [f"imported-{number},C{number:010d},{number % 60} 12 * * *,UTC,Hi" for number in range(120)]
    lines.append("waits,C0000000009,2 12 * * *,UTC,Hello")
    text = "\n".join(["name,channel,cron,tz,text", *lines])
    import_file(schedules.session, Source("file.csv", text.encode(), update=True))


def retry(schedules: Schedules) -> None:
    list(retry_jobs.carry_out(schedules.session, retry_jobs.plan(schedules.session, Filter(since=0), stale=True)))


def backfill(schedules: Schedules) -> None:
    plan = backfill_jobs.plan(schedules.session, "others", "2026-11-01 00:00", "2026-11-20 00:00")
    backfill_jobs.carry_out(schedules.session, plan)


ACTS: dict[str, Act] = {
    "add": lambda schedules: schedules.add("new", cron="1 12 * * *"),
    "import": import_,
    "edit": lambda schedules: schedules.edit("waits", cron="2 12 * * *", channel="C0000000002"),
    "calendar set": lambda schedules: shared_calendars.set_calendar(
        schedules.session, "42", None, {"window": "13:00-14:00"}
    ),
    "retry": retry,
    "pause": lambda schedules: schedules.pause("waits"),
    "skip-next": lambda schedules: schedules.skip_next("waits"),
    "run-now": lambda schedules: schedules.run_now("waits"),
    "remove": lambda schedules: schedules.remove("waits"),
    "backfill": backfill,
    "pause --all": lambda schedules: pause_all.pause(schedules.session, "restore", ""),
    "workspace pause": lambda schedules: manage.pause(schedules.session, "default", "moves"),
}


@pytest.mark.parametrize("command", ACTS)
def test_power_cut_leaves_all_of_a_change_or_nothing(tmp_path: Path, command: str) -> None:
    change = cut_change(tmp_path, ACTS[command], add_schedules)
    contents = []
    for cut, folder in restore_each(change.cuts, tmp_path):
        db = open_database(folder / "schedbot.db")
        contents.append(content(db))
        assert contents[-1] in ([change.new] if cut.observed else [change.old, change.new])
        db.close()
    assert change.old in contents
    assert change.new in contents


def test_retry_resumes_after_a_power_cut_between_slices(tmp_path: Path) -> None:
    change = cut_change(tmp_path, retry, miss_many)
    assert sum("queued" in job for job in change.jobs) > retry_jobs.SLICE
    queued = set()
    for _, folder in restore_each(change.cuts, tmp_path):
        with resume(folder, A_DAY_LATER) as schedules:
            queued.add(sum("queued" in job for job in schedules.jobs("minutely")))
            retry(schedules)
            assert schedules.jobs() == change.jobs
    assert len(queued) == 3  # before, between, after


def test_tick_after_a_power_cut_has_the_same_result(tmp_path: Path) -> None:
    def act(schedules: Schedules) -> None:
        schedules.tick(HOURS_LATER)

    change = cut_change(tmp_path, act, add_many_schedules)
    contents = []
    for cut, folder in restore_each(change.cuts, tmp_path):
        with resume(folder, HOURS_LATER) as schedules:
            contents.append(content(schedules.db))
            assert contents[-1] == change.new or not cut.observed
            act(schedules)
            assert content(schedules.db) == change.new
    assert len({len(content["jobs"]) for content in contents}) >= 3  # before, between, after
