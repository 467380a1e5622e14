"""A power cut leaves what was synced by then: each request that left is on record, no post is lost or doubled."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from schedbot.admin.operations import doctor
from schedbot.errors import DatabaseUnusable
from schedbot.store.database import Database
from schedbot.store.opening import create_database, open_database
from schedbot.worker.pool import Pool
from tests.support.app import TOKEN, App, now_ms
from tests.support.power_cut import Disk, PowerCut, restore_each, simulated_disk
from tests.support.sandboxes import fork_sandbox
from tests.support.sql import read_rows, read_value

OFF_MS = 60_000  # how long the machine was off
LEFT = "SELECT s.name FROM attempts a JOIN jobs j ON j.id = a.job_id JOIN schedules s ON s.id = j.schedule_id"


@dataclass(frozen=True)
class Seen:
    """What Slack has seen: the texts that it was asked to post, and its messages as the sandbox's file has them."""

    asked: set[str]
    messages: bytes


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    monkeypatch.setenv("SLACK_BOT_TOKEN", TOKEN)
    with simulated_disk() as made:
        yield made


def work(app: App) -> None:
    """`work --drain` in this process, so that it writes to the disk that is plugged in."""
    session = app.session()
    Pool(replace(session, settings=replace(session.settings, processes=1)), drain=True).run()


def deliver(folder: Path, disk: Disk, posts: int, faults: dict[int, str], *pragmas: str) -> list[PowerCut]:
    """A pool delivers so many posts, some with a fault. What a power cut leaves: at each sync, and at the end."""
    messages = folder / "slack.jsonl"
    with fork_sandbox(messages) as slack:
        app = App(folder / "product", slack)
        app.add_due_jobs(posts)
        for pragma in pragmas:
            read_rows(app.db, f"PRAGMA {pragma}")
        for number, fault in faults.items():
            app.slack.order(fault, channel=f"C{number:010d}")

        def witness() -> Seen:
            return Seen({one["text"] for one in app.slack.requests("chat.postMessage")}, messages.read_bytes())

        disk.observer = witness
        work(app)
        disk.cut("the end")
        disk.observer = None
        app.close()
    return disk.cuts


def left(db: Database) -> set[str]:
    """The schedules of which the file says that a request has left. The file is whole."""
    assert read_value(db, "PRAGMA integrity_check") == "ok"
    return {row[0] for row in read_rows(db, f"{LEFT} WHERE a.sent_at IS NOT NULL")}


@pytest.mark.timeout(300)  # some nine machines come back, one after the other
@pytest.mark.parametrize("fault", ["drop_before", "drop_after"])
def test_a_power_cut_at_any_commit_of_a_delivery_loses_and_doubles_no_post(
    tmp_path: Path, disk: Disk, fault: str
) -> None:
    cuts = deliver(tmp_path, disk, 1, {0: fault})
    assert [cut.observed.asked for cut in (cuts[0], cuts[-1])] == [set(), {"report-0"}]
    known = []
    for number, cut in enumerate(cuts):
        folder = cut.restore(tmp_path / f"cut-{number}")
        stands = (standing(folder / "schedbot.db", cut.observed), cut.observed.messages)
        if stands not in known:  # others differ by heartbeats alone
            known.append(stands)
            goes_on(folder, cut.observed.messages)
    assert len(known) >= 4  # queued, claimed, about to leave, over


def standing(path: Path, seen: Seen) -> list[object]:
    """How far the file says that the delivery is. Whatever Slack was asked for is in it as having left."""
    db = open_database(path)
    assert seen.asked <= left(db)
    found = read_rows(db, "SELECT state, attempts, spent FROM jobs"), read_rows(db, "SELECT outcome, ts FROM attempts")
    db.close()
    return list(found)


def goes_on(folder: Path, messages: bytes) -> None:
    """The machine is back, and Slack has what it had when the power failed: the post is there once, and on record."""
    (folder / "slack.jsonl").write_bytes(messages)
    with fork_sandbox(folder / "slack.jsonl") as slack:
        app = App(folder, slack, clock=lambda: now_ms() + OFF_MS)
        work(app)
        assert app.slack.texts() == ["report-0"]
        assert read_rows(app.db, "SELECT state, ts FROM jobs") == [("succeeded", app.posts()[0]["ts"])]
        assert read_value(app.db, "PRAGMA integrity_check") == "ok"
        assert doctor.check_integrity(app.session()).is_ok
        app.close()


def test_whatever_part_of_the_last_writes_has_arrived_the_file_is_whole(tmp_path: Path, disk: Disk) -> None:
    cuts = deliver(tmp_path, disk, 12, {3: "drop_after", 5: "ratelimit"}, "wal_autocheckpoint = 10")
    assert {cut.syncing for cut in cuts} == {"schedbot.db", "schedbot.db-wal", "the end"}
    for cut, folder in restore_each(cuts, tmp_path):
        db = open_database(folder / "schedbot.db")
        assert cut.observed.asked <= left(db)
        db.close()


def test_a_commit_that_does_not_wait_for_the_disk_would_be_forgotten(tmp_path: Path, disk: Disk) -> None:
    cuts = deliver(tmp_path, disk, 1, {}, "synchronous = NORMAL")
    db = open_database(cuts[-1].restore(tmp_path / "cut") / "schedbot.db")
    assert (cuts[-1].observed.asked, left(db)) == ({"report-0"}, set())
    db.close()


def test_a_power_cut_while_the_database_is_made_leaves_none_or_a_whole_one(tmp_path: Path, disk: Disk) -> None:
    disk.observer = lambda: None
    create_database(tmp_path / "schedbot.db", "installation-1", 0).close()
    disk.observer = None
    for _, folder in restore_each(disk.cuts, tmp_path):
        path = folder / "schedbot.db"
        is_none_or_whole(path)
        db = create_database(path, "installation-2", 0)
        assert read_value(db, "SELECT count(*) FROM installation") == 1
        assert left(db) == set()
        db.close()


def is_none_or_whole(path: Path) -> None:
    if path.stat().st_size == 0:
        with pytest.raises(DatabaseUnusable, match="is empty"):
            open_database(path)
        return
    db = open_database(path)
    assert left(db) == set()
    db.close()
