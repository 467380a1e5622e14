"""Power cuts during a delivery: each sent request is in the file, and no post is lost or doubled."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from schedbot.admin.operations import doctor
from schedbot.errors import DatabaseUnusable
from schedbot.store.database import Database
from schedbot.store.open_database import create_database, open_database
from schedbot.worker.pool import Pool
from tests.support.app import TOKEN, App, now_ms
from tests.support.power_cut import Disk, PowerCut, restore_each, simulated_disk
from tests.support.sandboxes import fork_sandbox
from tests.support.sql import read_rows, read_value

pytestmark = pytest.mark.slow

OFF_MS = 60_000  # how long the machine was off
LEFT = "SELECT s.name FROM attempts a JOIN jobs j ON j.id = a.job_id JOIN schedules s ON s.id = j.schedule_id"


@dataclass(frozen=True)
class SlackView:
    """Slack at the moment of a cut: texts of its requests, and its messages as a file of the sandbox."""

    texts: set[str]
    messages: bytes


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    monkeypatch.setenv("SLACK_BOT_TOKEN", TOKEN)
    with simulated_disk() as simulated:
        yield simulated


def work(app: App) -> None:
    """Run `work --drain` in this process, so that it writes to the simulated disk."""
    session = app.session()
    Pool(replace(session, settings=replace(session.settings, processes=1)), drain=True).run()


def deliver(folder: Path, disk: Disk, posts: int, faults: dict[int, str], *pragmas: str) -> list[PowerCut]:
    """Deliver posts, some with a fault. Returns a power cut for each sync, and one for the end."""
    messages = folder / "slack.jsonl"
    with fork_sandbox(messages) as slack:
        app = App(folder / "product", slack)
        app.add_due_jobs(posts)
        for pragma in pragmas:
            read_rows(app.db, f"PRAGMA {pragma}")
        for number, fault in faults.items():
            app.slack.order(fault, channel=f"C{number:010d}")

        def observe() -> SlackView:
            return SlackView(
                {request["text"] for request in app.slack.requests("chat.postMessage")}, messages.read_bytes()
            )

        disk.observer = observe
        work(app)
        disk.cut("the end")
        disk.observer = None
        app.close()
        app.db.path.unlink()  # a cut leaves one file: beside the whole one, the restored one is a copy
    return disk.cuts


def read_sent(db: Database) -> set[str]:
    """Return the schedules with a sent request in the file, which must be intact."""
    assert read_value(db, "PRAGMA integrity_check") == "ok"
    return {row[0] for row in read_rows(db, f"{LEFT} WHERE a.sent_at IS NOT NULL")}


@pytest.mark.timeout(300)  # about nine machines resume, one after the other
@pytest.mark.parametrize("fault", ["drop_before", "drop_after"])
def test_power_cut_at_any_commit_loses_and_doubles_no_post(tmp_path: Path, disk: Disk, fault: str) -> None:
    cuts = deliver(tmp_path, disk, 1, {0: fault})
    assert [cut.observed.texts for cut in (cuts[0], cuts[-1])] == [set(), {"report-0"}]
    states = []
    for number, cut in enumerate(cuts):
        folder = cut.restore(tmp_path / f"cut-{number}")
        state = (read_state(folder / "schedbot.db", cut.observed), cut.observed.messages)
        if state not in states:  # other cuts differ only by heartbeats
            states.append(state)
            assert_resumed(folder, cut.observed.messages)
    assert len(states) >= 4  # queued, claimed, sending, done


def read_state(path: Path, view: SlackView) -> list[object]:
    """Return jobs and attempts in the file. Each request that Slack has is on record as sent."""
    db = open_database(path)
    assert view.texts <= read_sent(db)
    rows = read_rows(db, "SELECT state, attempts, spent FROM jobs"), read_rows(db, "SELECT outcome, ts FROM attempts")
    db.close()
    return list(rows)


def assert_resumed(folder: Path, messages: bytes) -> None:
    """Resume after the cut, with Slack as it was then: the post is there once, and its job succeeded."""
    (folder / "slack.jsonl").write_bytes(messages)
    with fork_sandbox(folder / "slack.jsonl") as slack:
        app = App(folder, slack, clock=lambda: now_ms() + OFF_MS)
        work(app)
        assert app.slack.texts() == ["report-0"]
        assert read_rows(app.db, "SELECT state, ts FROM jobs") == [("succeeded", app.posts()[0]["ts"])]
        assert read_value(app.db, "PRAGMA integrity_check") == "ok"
        assert doctor.check_integrity(app.session()).is_ok
        app.close()


def test_power_cut_with_partial_writes_leaves_an_intact_file(tmp_path: Path, disk: Disk) -> None:
    cuts = deliver(tmp_path, disk, 12, {3: "drop_after", 5: "ratelimit"}, "wal_autocheckpoint = 10")
    assert {cut.syncing for cut in cuts} == {"schedbot.db", "schedbot.db-wal", "the end"}
    for cut, folder in restore_each(cuts, tmp_path):
        db = open_database(folder / "schedbot.db")
        assert cut.observed.texts <= read_sent(db)
        db.close()


def test_commit_without_a_sync_is_lost(tmp_path: Path, disk: Disk) -> None:
    cuts = deliver(tmp_path, disk, 1, {}, "synchronous = NORMAL")
    db = open_database(cuts[-1].restore(tmp_path / "cut") / "schedbot.db")
    assert (cuts[-1].observed.texts, read_sent(db)) == ({"report-0"}, set())
    db.close()


def test_power_cut_during_init_leaves_nothing_or_a_database(tmp_path: Path, disk: Disk) -> None:
    disk.observer = lambda: None
    create_database(tmp_path / "schedbot.db", "installation-1", 0).close()
    disk.observer = None
    for _, folder in restore_each(disk.cuts, tmp_path):
        path = folder / "schedbot.db"
        assert_empty_or_complete(path)
        db = create_database(path, "installation-2", 0)
        assert read_value(db, "SELECT count(*) FROM installation") == 1
        assert read_sent(db) == set()
        db.close()


def assert_empty_or_complete(path: Path) -> None:
    if path.stat().st_size == 0:
        with pytest.raises(DatabaseUnusable, match="is empty"):
            open_database(path)
        return
    db = open_database(path)
    assert read_sent(db) == set()
    db.close()
