"""`schedbot backup`: a verified copy of a database in use."""

import json
import signal
import sqlite3
import stat
from pathlib import Path

import pytest

from tests.support.app import App, until


def rows(path: Path, sql: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(path) as connection:
        return connection.execute(sql).fetchall()


def test_backup_is_a_private_copy_of_all_rows(app: App, tmp_path: Path) -> None:
    app.add_due_jobs(3)
    target = tmp_path / "copy.db"
    result = app.run("backup", str(target), "--json")
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout) == {
        "file": str(target),
        "bytes": target.stat().st_size,
        "jobs": 3,
        "verified": True,
    }
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert rows(target, "SELECT count(*) FROM schedules") == [(3,)]
    assert [path.name for path in tmp_path.iterdir() if "copy" in path.name] == ["copy.db"]


def test_copy_can_be_read_by_schedbot(app: App, tmp_path: Path) -> None:
    app.add_schedule("acme", cron="0 9 * * *")
    target = tmp_path / "copy.db"
    app.run("backup", str(target))
    listed = app.run("--database", str(target), "list", "--json")
    assert json.loads(listed.stdout)["name"] == "acme"


def test_folder_keeps_the_newest_backups(app: App, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    for name in ("schedbot-20250101T000000Z.db", "schedbot-20250102T000000Z.db", "notes.db", "schedbot-mine.db"):
        (folder / name).write_text("")
    result = app.run("backup", str(folder), "--keep", "2")
    assert result.returncode == 0, result.stderr
    names = sorted(path.name for path in folder.iterdir())
    assert names[:2] == ["notes.db", "schedbot-20250102T000000Z.db"]
    assert names[3:] == ["schedbot-mine.db"]
    assert "Deleted" in result.stdout


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("taken.db",), "exists already"),
        (("nowhere/copy.db",), "There is no folder"),
        (("copy.db", "--keep", "3"), "--keep needs a folder."),
    ],
)
def test_bad_target_is_refused(app: App, words: tuple[str, ...], problem: str) -> None:
    (app.folder / "taken.db").write_text("mine")
    before = sorted(app.folder.iterdir())
    result = app.run("backup", *words)
    assert result.returncode == 2
    assert problem in result.stderr
    assert sorted(app.folder.iterdir()) == before
    assert (app.folder / "taken.db").read_text() == "mine"


@pytest.mark.slow
def test_backup_beside_a_working_pool_is_whole(app: App, tmp_path: Path) -> None:
    app.add_due_jobs(200)
    pool = app.start("work")
    until(lambda: app.states().get("succeeded", 0) > 10)
    for number in range(5):
        result = app.run("backup", str(tmp_path / f"copy-{number}.db"), "--json")
        assert result.returncode == 0, result.stderr
        assert rows(tmp_path / f"copy-{number}.db", "PRAGMA integrity_check") == [("ok",)]
    until(lambda: app.states().get("succeeded") == 200)
    pool.send_signal(signal.SIGTERM)
    assert pool.wait(30) == 0


def test_backup_beside_another_of_its_name_leaves_it(app: App, tmp_path: Path) -> None:
    for number in (1, 4_194_305):  # of a process that runs, and of none: no number is that large
        (tmp_path / f".b.db.{number}.partial").write_text("half")
    backups = [app.start("backup", str(tmp_path / "b.db")) for _ in range(3)]
    assert sorted(process.wait(60) for process in backups) == [0, 2, 2]
    assert sorted(path.name for path in tmp_path.glob("*b.db*")) == [".b.db.1.partial", "b.db"]
    assert rows(tmp_path / "b.db", "PRAGMA integrity_check") == [("ok",)]


def test_old_backup_that_cannot_be_deleted_is_named(app: App, tmp_path: Path) -> None:
    old = tmp_path / "schedbot-20200101T000000Z.db"
    old.mkdir()
    result = app.run("backup", str(tmp_path), "--keep", "1")
    assert result.returncode == 1
    assert f"The backup is made, but the older one '{old}' cannot be deleted" in result.stderr
