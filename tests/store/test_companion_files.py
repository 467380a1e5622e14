"""Files beside the database: made for its owner, and never another file in their place."""

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from schedbot.store.open_database import create_database, open_database
from schedbot.store.sqlite import wake_fifo
from schedbot.store.sqlite.write_lock import process_lock
from tests.support.app import App, now_ms, rfc3339
from tests.support.command_line import NOBODY, run_as_nobody
from tests.support.failing_pools import ADD, assert_refused

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become another user")
FILES = ("-lock", "-tick.lock")


@pytest.fixture
def folder_of_nobody() -> Iterator[Path]:
    """A folder of another user, with a database in it that is open to its group."""
    folder = Path(tempfile.mkdtemp())
    create_database(folder / "schedbot.db", "installation-1", 0).close()
    (folder / "schedbot.db-lock").unlink()
    for path in (folder, *folder.iterdir()):
        os.chown(path, NOBODY, NOBODY)
    (folder / "schedbot.db").chmod(0o660)
    yield folder
    shutil.rmtree(folder)


def put_in_place(path: Path, kind: str, target: Path) -> None:
    match kind:
        case "link":
            path.symlink_to(target)
        case "folder":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)


def add_due_schedule(app: App) -> None:
    app.add_schedule("now", as_of=now_ms() - 120_000, at=rfc3339(now_ms() // 1000 * 1000))


@needs_root
def test_files_made_by_root_get_owner_and_mode(folder_of_nobody: Path) -> None:
    db = open_database(folder_of_nobody / "schedbot.db")
    with process_lock(db, "tick"), db.writing():
        fifo = wake_fifo.listen(db.path, "pool")
    statuses = {path.name: path.stat() for path in folder_of_nobody.iterdir()}
    assert set(statuses) >= {f"schedbot.db{suffix}" for suffix in (*FILES, "-pool.wake", "-wal")}
    assert {status.st_uid for status in statuses.values()} == {NOBODY}
    assert {stat.S_IMODE(status.st_mode) for status in statuses.values()} == {0o660}
    os.close(fifo)
    db.close()
    assert run_as_nobody("tick", SCHEDBOT_DATABASE=str(db.path)).returncode == 0


@needs_root
def test_lock_file_of_another_user_is_named(folder_of_nobody: Path) -> None:
    lock = folder_of_nobody / "schedbot.db-lock"
    lock.touch(0o600)
    done = run_as_nobody(*ADD, SCHEDBOT_DATABASE=str(folder_of_nobody / "schedbot.db"))
    assert_refused(done, f"'{lock}' belongs to root, and nobody cannot open it", f"sudo chown nobody {lock}")


@pytest.mark.parametrize("suffix", FILES)
@pytest.mark.parametrize("kind", ["link", "folder", "pipe"])
def test_other_kind_of_lock_file_is_named(app: App, suffix: str, kind: str) -> None:
    add_due_schedule(app)
    app.db.close()
    lock = app.path.with_name(f"schedbot.db{suffix}")
    lock.unlink(missing_ok=True)
    target = app.folder / "target"
    put_in_place(lock, kind, target)
    assert_refused(app.run("tick"), f"'{lock}' is a", "delete it")
    assert not target.exists()


@pytest.mark.parametrize("kind", ["link", "folder"])
def test_other_kind_of_wal_file_is_named(app: App, kind: str) -> None:
    app.db.close()
    wal, target = app.path.with_name("schedbot.db-wal"), app.folder / "target"
    put_in_place(wal, kind, target)
    assert_refused(app.run("tick"), f"'{wal}' is a {kind}", "delete it")
    assert not target.exists()


def test_wake_up_writes_only_into_a_pipe(app: App) -> None:
    target = app.folder / "target"
    target.write_text("")
    fifo = wake_fifo.fifo_path(app.path, "pool")
    fifo.symlink_to(target)
    plain = wake_fifo.fifo_path(app.path, "plain")
    plain.write_text("")
    app.db.wake()
    assert (target.read_text(), plain.read_text()) == ("", "")


def test_wake_up_removes_the_pipe_of_a_dead_pool(app: App) -> None:
    fifo = wake_fifo.fifo_path(app.path, "pool")
    os.mkfifo(fifo)
    app.db.wake()
    assert not fifo.exists()


def test_folder_in_the_place_of_a_pipe_is_named(app: App) -> None:
    fifo = wake_fifo.fifo_path(app.path, "pool")
    fifo.mkdir()
    with pytest.raises(Exception, match="is a folder, in the place of a file"):
        wake_fifo.listen(app.path, "pool")
