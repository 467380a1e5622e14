"""`schedbot restore` puts a backup in the place of the database, and nothing is posted a second time."""

import dataclasses
import json
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from schedbot.admin.operations.alerts import dispatch, streaks
from schedbot.admin.operations.restores import restore as restore_operation
from schedbot.operation_settings import AlertSettings
from schedbot.store.open_database import open_database
from schedbot.store.operations import ownership
from schedbot.store.sqlite import swap_database
from tests.promises.test_03_restored_backup_posts_nothing_twice import delete_database
from tests.support.app import TOKEN, App, now_ms, rfc3339

OPS, MINUTE = "C0000000900", 60_000


def occurrences(app: App) -> Counter[str]:
    """Return how often each occurrence is in Slack."""
    return Counter(message["metadata"]["event_payload"]["occurrence"] for message in app.posts())


def restore(app: App, target: Path, *words: str) -> tuple[int, dict[str, Any]]:
    result = app.run("restore", str(target), "--json", *words)
    assert result.returncode in (0, 3), result.stderr
    return result.returncode, json.loads(result.stdout)


@pytest.mark.slow  # three pools
def test_unreadable_history_holds_what_is_unsure(app: App, tmp_path: Path) -> None:
    app.slack.order("error", code="invalid_blocks", channel="C0000000001", times=1)
    app.add_due_jobs(2)
    app.work()
    app.add_due_schedules({"queued": {"channel": "C0000000001"}, "readable": {"channel": "C0000000002"}})
    target = tmp_path / "backup.db"
    assert app.run("backup", str(target)).returncode == 0
    assert app.run("retry", "--state", "failed", "--yes").returncode == 0
    app.work()
    app.db.close()
    for path in app.folder.glob("schedbot.db*"):
        path.unlink()
    app.slack.order("error", method="conversations.history", code="missing_scope", channel="C0000000001")
    code, result = restore(app, target)
    assert (code, result["posted"], result["held"]) == (3, 1, 2)
    assert result["unread"] == {"missing_scope": 1}
    assert app.work().returncode == 3
    assert max(occurrences(app).values()) == 1
    held = {row["schedule"]: row for row in app.audit("--state", "held")}
    assert {name: row["error"] for name, row in held.items()} == {"report-1": "restored", "queued": "restored"}
    story = app.run("audit", str(held["report-1"]["job"])).stdout
    assert "restored from a backup" in " ".join(story.split())
    backfill = app.run("backfill", "queued", "--from", "1h", "--to", "now")
    assert backfill.returncode == 2
    assert "before the restore" in backfill.stderr
    assert app.run("backfill", "readable", "--from", "1h", "--to", "now").returncode == 0


def test_due_job_that_was_not_posted_waits_for_the_pool(app: App, tmp_path: Path) -> None:
    app.add_due_jobs(2)
    target = tmp_path / "backup.db"
    assert app.run("backup", str(target)).returncode == 0
    app.db.close()
    code, result = restore(app, target)
    assert (code, result["queued"], result["posted"]) == (0, 2, 0)
    change = json.loads(app.run("log", "--limit", "1", "--json").stdout)["change"]
    assert "it records a restore" in app.run("undo", str(change)).stderr
    assert app.work().returncode == 0
    assert set(occurrences(app).values()) == {1}
    old = app.run("--database", result["replaced"], "work", "--drain")
    assert old.returncode == 1
    assert "Two copies in use" in old.stderr


def test_occurrence_that_only_slack_knows_is_posted(app: App, tmp_path: Path) -> None:
    due_at = now_ms() // 1000 * 1000 - 300_000
    for name, channel in (("known", "C0000000001"), ("missed", "C0000000002")):
        app.add_schedule(name, as_of=due_at - 600_000, at=rfc3339(due_at), misfire="skip", channel=channel)
    target = tmp_path / "backup.db"
    assert app.run("backup", str(target)).returncode == 0
    app.slack.order("error", code="is_archived", channel="C0000000002", times="forever")
    app.tick(due_at)
    app.work()
    app.db.close()
    for path in app.folder.glob("schedbot.db*"):
        path.unlink()
    code, result = restore(app, target)
    assert (code, result["posted"], result["missed"], result["held"]) == (0, 1, 1, 0)
    rows = {row["schedule"]: row for row in app.audit()}
    assert (rows["known"]["state"], rows["missed"]["state"]) == ("succeeded", "missed")
    story = app.run("audit", str(rows["known"]["job"])).stdout
    assert f"A restore recorded that it was posted to channel C0000000001, as {rows['known']['ts']}." in story


def test_wrong_file_changes_nothing(app: App, tmp_path: Path) -> None:
    foreign = tmp_path / "foreign.db"
    with sqlite3.connect(foreign) as connection:
        connection.execute("CREATE TABLE t (x)")
    (tmp_path / "text.db").write_text("no database " * 1_000)
    assert app.run("backup", str(tmp_path / "newer.db")).returncode == 0
    with sqlite3.connect(tmp_path / "newer.db") as connection:
        connection.execute("PRAGMA user_version = 9999")
    (tmp_path / "cut.db").write_bytes(app.path.read_bytes()[:100_000])
    (tmp_path / "empty.db").touch()
    with sqlite3.connect(tmp_path / "bare.db") as connection:
        connection.execute("PRAGMA journal_mode = WAL")  # a file without tables
    (tmp_path / "folder.db").mkdir()
    before = app.path.read_bytes()
    others = ("foreign.db", "text.db", "missing.db", "cut.db", "bare.db", "empty.db", "folder.db")
    for name in (*others, "newer.db", str(app.path)):
        result = app.run("restore", str(tmp_path / name))
        assert result.returncode in (1, 2), result.stdout
        assert name not in others or "Name a file that 'schedbot backup' made." in result.stderr
        assert result.stderr.startswith("Error: ")
        assert f"'{tmp_path / name}'" in result.stderr
    assert app.path.read_bytes() == before
    assert app.run("tick").returncode == 0
    assert not list(app.folder.glob(".*restore*"))


def test_altered_record_is_named_by_backup_and_restore(app: App, tmp_path: Path) -> None:
    app.add_due_jobs(1)
    app.run("pause", "*", "--yes")
    folder = tmp_path / "backups"
    folder.mkdir()
    old = folder / "schedbot-20250101T000000Z.db"
    old.write_text("")
    assert app.run("backup", str(tmp_path / "good.db")).returncode == 0
    with sqlite3.connect(app.path) as connection:
        connection.execute("DROP TRIGGER change_is_final")
        connection.execute("UPDATE changes SET actor = 'nobody' WHERE id = 1")
    altered = app.run("backup", str(folder), "--keep", "1", "--json")
    assert (altered.returncode, json.loads(altered.stdout)["verified"]) == (3, False)
    assert "change 1 was altered" in altered.stderr
    assert old.exists()
    assert not list(folder.glob(".*"))
    app.db.close()
    restored = app.run("restore", json.loads(altered.stdout)["file"])
    assert restored.returncode == 3
    assert "change 1 was altered" in restored.stderr


@pytest.mark.parametrize("is_lost", [False, True], ids=["old database is there", "old database is lost"])
def test_alert_after_the_backup_is_announced_once(
    app: App, tmp_path: Path, is_lost: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", TOKEN)
    app.settings = dataclasses.replace(app.settings, alerts=AlertSettings(channel=OPS), expect_pool=False)
    target, now = str(tmp_path / "backup.db"), now_ms()
    app.add_schedule("yearly", cron="0 0 1 1 *")
    app.tick(now)
    if is_lost:  # else nothing about alerts is in the backup
        streaks.update(app.session(now + 3 * MINUTE))
    assert app.run("backup", target).returncode == 0
    dispatch.check(app.session(now + 3 * MINUTE))
    [message] = app.slack.messages(OPS)
    assert "no tick" in message["text"].lower()
    app.db.close()
    if is_lost:
        delete_database(app)
    assert app.run("restore", target).returncode == 0
    app.db = open_database(app.path)
    for minute in range(5, 9):
        dispatch.check(app.session(now + minute * MINUTE))
    assert len(app.slack.messages(OPS)) == 1


def test_backup_is_not_worked_with_as_it_is(app: App, tmp_path: Path) -> None:
    app.tick()
    backup = str(tmp_path / "backup.db")
    assert app.run("backup", backup).returncode == 0
    delete_database(app)
    for command in (["tick"], ["work", "--drain"], ["init", "--take-over"], ["health"]):
        result = app.run("--database", backup, *command)
        assert (result.returncode, "is a backup of" in result.stdout + result.stderr) == (1, True), command
    assert app.run("restore", backup).returncode == 0
    assert app.run("tick").returncode == 0


def test_database_without_its_id_is_named_by_each_command(app: App, tmp_path: Path) -> None:
    with sqlite3.connect(app.path) as connection:
        connection.execute("DELETE FROM installation")
    for command in (["doctor"], ["doctor", "--chain"], ["backup", str(tmp_path / "b.db")], ["work", "--drain"]):
        result = app.run(*command)
        output = result.stdout + result.stderr
        assert result.returncode == (3 if command[0] == "backup" else 1)
        assert "Traceback" not in output
        assert "installation was removed" in output


def test_killed_restore_is_named(app: App) -> None:
    ownership.make_owner(app.db, ownership.RESTORING)
    tick = app.run("tick")
    assert tick.returncode == 1
    assert "A restore into" in tick.stderr
    assert app.run("init", "--take-over").returncode == 0
    assert app.run("tick").returncode == 0


def test_two_restores_of_a_second_keep_both_old_databases(app: App, tmp_path: Path) -> None:
    backup, now = tmp_path / "backup.db", now_ms()
    assert app.run("backup", str(backup)).returncode == 0
    app.add_schedule("later", cron="0 9 * * *")
    app.db.close()
    old = [restore_operation.restore(app.settings, backup, lambda: now, MINUTE).replaced for _ in range(2)]
    assert len(set(old)) == 2
    assert all(path and path.exists() for path in old)
    listed = app.run("--database", str(old[0]), "list", "--json")
    assert json.loads(listed.stdout)["name"] == "later"


def test_restore_beside_another_is_refused(app: App, tmp_path: Path) -> None:
    backup = str(tmp_path / "backup.db")
    assert app.run("backup", backup).returncode == 0
    with swap_database.no_other_restore(app.path):
        second = app.run("restore", backup)
        assert (second.returncode, "Another restore works in" in second.stderr) == (1, True)
    assert app.run("restore", backup).returncode == 0
