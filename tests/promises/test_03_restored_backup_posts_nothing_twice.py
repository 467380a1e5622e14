"""Promise 3 after a restore: what was posted after the backup is not posted again, whatever command follows."""

from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from schedbot.store.open_database import open_database
from schedbot.store.operations import chain
from tests.promises.test_03_no_file_is_lost_or_shared_twice import REPORTS, TABLES, count_shares
from tests.support.app import App, now_ms, rfc3339, until
from tests.support.reports.live_project import configure, write_module
from tests.support.sql import read_value

HOUR_MS = 3_600_000
LONG = "\n".join(f"{number:04d} " + "x" * 60 for number in range(250))  # two messages
SPANS = {"paused": (170, 155), "gap": (62, 60)}  # minutes before now that are backfilled
ENDED = "failed,missed,cancelled,skipped"


@pytest.fixture
def project(app: App) -> App:
    """An installation with jobs in all states, and schedules that post in all ways."""
    write_module(app.folder, REPORTS)
    configure(app, TABLES)
    past = now_ms() // 60_000 * 60_000 - 3 * HOUR_MS
    app.add_schedule("failed", as_of=past, at=rfc3339(past + HOUR_MS), grace="6h")
    app.add_schedule("board", channel="C0000000002", cron="0 0 1 1 *", update="true")
    app.add_schedule("replies", channel="C0000000003", cron="0 0 1 1 *", thread="always")
    app.slack.order("error", code="invalid_blocks", channel="C0000000001", times=1)
    app.tick()
    run(app, "run-now", "board", "replies")
    app.work()
    app.add_schedule(
        "missed", as_of=past, channel="C0000000004", at=rfc3339(past + HOUR_MS), misfire="skip", grace="1m"
    )
    app.add_schedule("gap", as_of=past, channel="C0000000005", cron="* * * * *", misfire="skip", grace="0s")
    app.add_schedule("paused", as_of=past, channel="C0000000006", cron="*/5 * * * *", paused="true")
    app.add_schedule("cancelled", as_of=past, channel="C0000000007", at=rfc3339(past + HOUR_MS), grace="6h")
    app.tick()
    run(app, "pause", "cancelled")
    app.add_schedule("long", channel="C0000000008", cron="0 0 1 1 *", text=LONG)
    app.add_schedule("person", channel="U0SANDBOX01", cron="0 0 1 1 *")
    app.add_schedule("files", channel="C0000000010", cron="0 0 1 1 *", text="", report="files")
    app.add_schedule("threads", channel="C0000000011", cron="0 0 1 1 *", thread="daily")
    app.add_schedule("extra", channel="C0000000012", cron="0 0 1 1 *")
    run(app, "run-now", "board", "replies", "long", "person", "files", "threads")
    return app


def run(app: App, *words: str) -> None:
    result = app.run(*words)
    assert result.returncode in (0, 3), result.stderr


def send_all(app: App) -> None:
    """Send everything that a person can have sent."""
    run(app, "resume", "cancelled", "paused")
    run(app, "retry", "--state", ENDED, "--stale", "--yes")
    for name, (first, last) in SPANS.items():
        now = now_ms()
        start, end = (rfc3339(now - minutes * 60_000) for minutes in (first, last))
        run(app, "backfill", name, "--from", start, "--to", end, "--yes")
    app.run("tick")
    app.work()


def list_parts(app: App) -> Counter[tuple[str, int]]:
    """Return how often each part of each occurrence is in Slack."""
    payloads = [post["metadata"]["event_payload"] for post in app.posts() if "metadata" in post]
    return Counter((payload["occurrence"], payload.get("part", 1)) for payload in payloads)


def delete_database(app: App) -> None:
    app.db.close()
    for path in app.folder.glob("schedbot.db*"):
        if path.is_file():
            path.unlink()


@pytest.mark.slow  # three pools
@pytest.mark.parametrize("is_lost", [False, True], ids=["old database is there", "old database is lost"])
def test_commands_after_a_restore_post_nothing_twice(project: App, tmp_path: Path, is_lost: bool) -> None:
    target = tmp_path / "backup.db"
    run(project, "backup", str(target))
    run(project, "run-now", "extra", "threads")
    send_all(project)
    before, updates = list_parts(project), len(project.slack.requests("chat.update"))
    assert max(before.values()) == 1
    if is_lost:
        delete_database(project)
    else:
        project.db.close()
    restored = project.run("restore", str(target))
    assert restored.returncode == 0, restored.stdout + restored.stderr
    send_all(project)
    after = list_parts(project)
    assert [part for part, count in after.items() if count > 1] == []
    assert set(before) <= set(after)
    assert len(project.slack.requests("chat.update")) == updates
    assert count_shares(project) == {"0.csv": 1, "1.csv": 1, "2.csv": 1}
    assert {row["state"] for row in project.audit() if row["schedule"] not in SPANS} == {"succeeded"}
    balance = project.run("audit", "--balance")
    assert balance.returncode == 0, balance.stdout
    with closing(open_database(project.path)) as db:
        assert chain.verify(db).problem == ""


@pytest.mark.slow  # parts of a message are a second apart
def test_message_that_was_half_sent_goes_on_after_a_restore(app: App, tmp_path: Path) -> None:
    write_module(app.folder, REPORTS)
    configure(app, TABLES)
    target = tmp_path / "backup.db"
    app.add_due_schedules({"long": {"text": LONG * 2}, "files": {"report": "files"}})
    pool = app.start("work")
    until(lambda: read_value(app.db, "SELECT min(parts_posted) FROM jobs") == 1)
    run(app, "backup", str(target))
    count = len(app.posts())
    until(lambda: len(app.posts()) > count)
    pool.kill()
    pool.wait()
    delete_database(app)
    run(app, "restore", str(target))
    app.work()
    assert [row["state"] for row in app.audit()] == ["succeeded"] * 2
    assert set(list_parts(app).values()) == {1}
    assert [post["metadata"]["event_payload"]["part"] for post in app.slack.messages("C0000000000")] == [1, 2, 3]
    assert count_shares(app) == {"0.csv": 1, "1.csv": 1, "2.csv": 1}
