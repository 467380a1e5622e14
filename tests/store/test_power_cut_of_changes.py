"""A power cut leaves a change made or not made: whole where its command had ended, and each occurrence once in all."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from schedbot.admin.import_export.importer import Source, import_file
from schedbot.admin.jobs import backfill as backfill_jobs
from schedbot.admin.jobs import retry as retry_jobs
from schedbot.admin.schedules import shared_calendars
from schedbot.admin.workspaces import manage
from schedbot.store.database import Database
from schedbot.store.history.filters import Filter
from schedbot.store.opening import open_database
from tests.support.power_cut import PowerCut, restore_each, simulated_disk
from tests.support.schedules import Schedules, clock, ms, open_schedules
from tests.support.sql import read_rows, read_value

TABLES = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT IN ('heartbeats', 'sqlite_sequence')"
FAIL = "UPDATE jobs SET state = 'failed', error = 'timeout', attempts = 1, spent = 1 WHERE state = 'queued'"
IN_TIME, HOURS_LATER, A_DAY_LATER = "2026-12-01 08:59:00", "2026-12-01 12:00:30", "2026-12-02 12:00:30"
Act = Callable[[Schedules], object]
Content = dict[str, list[tuple[Any, ...]]]


@dataclass(frozen=True)
class Story:
    """What power cuts during a change leave (`seen`: had it ended?), and what stood before and after it."""

    cuts: list[PowerCut]
    old: Content
    new: Content
    jobs: list[str]


def content(db: Database) -> Content:
    """All that stands in the file but heartbeats. The file is whole."""
    assert read_value(db, "PRAGMA integrity_check") == "ok"
    return {name: read_rows(db, f"SELECT * FROM {name}") for (name,) in read_rows(db, TABLES)}  # noqa: S608


def told(folder: Path, act: Act, *before: Act) -> Story:
    """The power fails at each sync of `act`, at its end, and while its connection is closed."""
    ended: list[bool] = []
    with simulated_disk() as disk:
        with open_schedules(folder) as schedules:
            read_rows(schedules.db, "PRAGMA wal_autocheckpoint = 0")  # its syncs come as the file is closed
            for one in before:
                one(schedules)
            read_rows(schedules.db, "PRAGMA wal_checkpoint")  # the log begins anew, over what stood in it
            old = content(schedules.db)
            disk.observer = lambda: bool(ended)
            act(schedules)
            ended.append(True)
            disk.cut("the end")
            new, jobs = content(schedules.db), schedules.jobs()
        disk.cut("closed")
    return Story(disk.cuts, old, new, jobs)


def stand(schedules: Schedules, until: str = HOURS_LATER) -> None:
    """Schedules of which one has a job that failed and, after an outage, missed more than rows are made for."""
    schedules.add("minutely", cron="* * * * *", account="42")
    schedules.tick(IN_TIME)
    with schedules.db.writing():
        schedules.db.execute(FAIL)
    schedules.tick(until)
    schedules.add("waits", cron="1 12 * * *", account="42")
    schedules.add("others", cron="0 9 * * *", account="43")


def miss_many(schedules: Schedules) -> None:
    """More missed jobs than a slice of a retry takes: each tick misses fewer than would become one row."""
    stand(schedules, "2026-12-01 10:30")
    for minutes in range(90, 90 * 17, 90):
        schedules.tick(clock(ms("2026-12-01 10:30") + minutes * 60_000))


def stand_many(schedules: Schedules) -> None:
    """More rules than a slice of a tick takes, none of them due yet."""
    schedules.utc = "2026-12-01 08:50:00"
    rules = [f"0 9 1-{day} {months} *" for day in range(2, 31) for months in ("*", "12")]
    for number, cron in enumerate([*rules, "* * * * *"]):
        schedules.add(f"report-{number}", cron=cron, misfire="all" if number % 2 else "latest")


@contextmanager
def came_back(folder: Path, utc: str) -> Iterator[Schedules]:
    """The machine is back."""
    db = open_database(folder / "schedbot.db")
    yield Schedules(db, db.path, utc)
    db.close()


def import_(schedules: Schedules) -> None:
    lines = [f"imported-{number},C{number:010d},{number % 60} 12 * * *,UTC,Hi" for number in range(120)]
    lines.append("waits,C0000000009,2 12 * * *,UTC,Hello")
    text = "\n".join(["name,channel,cron,tz,text", *lines])
    import_file(schedules.session, Source("file.csv", text.encode(), update=True))


def retry(schedules: Schedules) -> None:
    list(retry_jobs.carry_out(schedules.session, retry_jobs.plan(schedules.session, Filter(), stale=True)))


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
    "workspace pause": lambda schedules: manage.pause(schedules.session, "default", "moves"),
}


@pytest.mark.parametrize("command", ACTS)
def test_a_power_cut_during_a_change_leaves_all_of_it_or_nothing(tmp_path: Path, command: str) -> None:
    story = told(tmp_path, ACTS[command], stand)
    found = []
    for cut, folder in restore_each(story.cuts, tmp_path):
        db = open_database(folder / "schedbot.db")
        found.append(content(db))
        assert found[-1] in ([story.new] if cut.observed else [story.old, story.new])
        db.close()
    assert story.old in found
    assert story.new in found


def test_a_retry_that_a_power_cut_ends_between_two_slices_goes_on_with_the_next(tmp_path: Path) -> None:
    story = told(tmp_path, retry, miss_many)
    assert sum("queued" in job for job in story.jobs) > retry_jobs.SLICE
    queued = set()
    for _, folder in restore_each(story.cuts, tmp_path):
        with came_back(folder, A_DAY_LATER) as schedules:
            queued.add(sum("queued" in job for job in schedules.jobs("minutely")))
            retry(schedules)
            assert schedules.jobs() == story.jobs
    assert len(queued) == 3  # before, between, after


def test_after_a_power_cut_at_any_commit_of_a_tick_the_next_one_comes_to_the_same(tmp_path: Path) -> None:
    def act(schedules: Schedules) -> None:
        schedules.tick(HOURS_LATER)

    story = told(tmp_path, act, stand_many)
    found = []
    for cut, folder in restore_each(story.cuts, tmp_path):
        with came_back(folder, HOURS_LATER) as schedules:
            found.append(content(schedules.db))
            assert found[-1] == story.new or not cut.observed
            act(schedules)
            assert content(schedules.db) == story.new
    assert len({len(one["jobs"]) for one in found}) >= 3  # before, between, after
