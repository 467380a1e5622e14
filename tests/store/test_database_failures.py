"""Full disks, locked files, kills and torn writes: an error or a wait, then an intact file with every post."""

import fcntl
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import apsw
import pytest

from schedbot.errors import DatabaseUnusable
from schedbot.store.open_database import open_database
from schedbot.store.sqlite.open_file import open_file
from tests.support.app import App, Program, until
from tests.support.failing_pools import ADD, assert_refused, fill, mount
from tests.support.sandboxes import fork_sandbox
from tests.support.sql import read_rows, read_value


def wal_path(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


def assert_intact(app: App) -> None:
    """Assert that SQLite and `doctor` find no damage."""
    assert read_value(app.db, "PRAGMA integrity_check") == "ok"
    assert f"ok       database: {app.path}" in app.run("doctor").stdout


def assert_posted_once(app: App, count: int) -> None:
    assert sorted(app.slack.texts()) == sorted(f"report-{number}" for number in range(count))
    assert app.states() == {"succeeded": count}


# -- a full disk


@pytest.fixture
def small(tmp_path: Path) -> Iterator[App]:
    """An app on a disk of 3 MB."""
    disk = mount(tmp_path / "small", "-t", "tmpfs", "-o", "size=3m", "tmpfs")
    with disk as folder, fork_sandbox() as slack:
        app = App(folder, slack)
        yield app
        app.close()


def test_command_on_a_full_disk_fails_and_changes_nothing(small: App) -> None:
    small.add_schedule("before", cron="0 9 * * *")
    filler = fill(small.folder)
    assert_refused(small.run(*ADD), "is full", "Free some space")
    filler.unlink()
    assert_intact(small)
    assert [row[0] for row in read_rows(small.db, "SELECT name FROM schedules")] == ["before"]
    assert small.run(*ADD).returncode == 0


@pytest.mark.parametrize("words", [ADD, ("tick",), ("work", "--drain"), ("list",)], ids=lambda words: words[0])
def test_full_disk_at_the_start_of_a_command_is_named(small: App, words: tuple[str, ...]) -> None:
    small.db.close()
    filler = fill(small.folder)
    assert_refused(small.run(*words), f"The disk that holds '{small.path}' is full", "Free some space")
    filler.unlink()
    assert small.run("tick").returncode == 0


def test_full_disk_of_a_copy_is_named(app: App, small: App, tmp_path: Path) -> None:
    backup = tmp_path / "backup.db"
    assert small.run("backup", str(backup)).returncode == 0
    small.db.close()
    filler = fill(small.folder)
    for run in (app.run("backup", str(small.folder)), small.run("restore", str(backup))):
        assert_refused(run, f"The disk that holds '{small.folder}' is full", "Free some space")
    filler.unlink()
    assert small.run("restore", str(backup)).returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize("room", [0, 8_192, 40_960, 163_840])
def test_init_on_a_full_disk_leaves_no_file(small: App, room: int) -> None:
    filler, folder = fill(small.folder), small.folder / "new"
    os.truncate(filler, max(4096, filler.stat().st_size - room))
    init = partial(
        small.run, "init", SCHEDBOT_CONFIG=f"{folder}/schedbot.toml", SCHEDBOT_DATABASE=f"{folder}/schedbot.db"
    )
    assert_refused(init(), "is full", "Free some space")
    assert not folder.exists() or not list(folder.iterdir())
    filler.unlink()
    assert init().returncode == 0


@pytest.mark.slow
def test_pool_waits_for_room_on_a_full_disk(small: App) -> None:
    small.add_due_jobs(6, channels=2)
    small.slack.order("hold", times="forever")
    pool = small.start("work", "--processes", "1")
    small.slack.wait_for_held(2)
    filler = fill(small.folder)
    small.slack.clear()
    small.slack.release()
    lines = lines_until(pool, "is full")
    assert pool.poll() is None
    assert any("database_unusable" in line for line in lines)
    filler.unlink()
    until(lambda: small.states() == {"succeeded": 6}, within=40)
    assert_posted_once(small, 6)
    assert {row[0] for row in read_rows(small.db, "SELECT attempts FROM jobs")} == {1}
    assert_intact(small)


def lines_until(pool: Program, word: str) -> list[str]:
    """Return the log of a pool up to a line with a word."""
    assert pool.stderr is not None
    lines = []
    for line in pool.stderr:
        lines.append(line)
        if word in line:
            return lines
    raise AssertionError(f"it ended without '{word}': {lines}")


# -- a locked database


@contextmanager
def locked_by_another(path: Path) -> Iterator[apsw.Connection]:
    other = apsw.Connection(str(path))
    other.execute("BEGIN EXCLUSIVE")
    yield other
    other.close()


def is_write_locked(path: Path) -> bool:
    """Is the lock file of writers locked?"""
    with path.with_name(f"{path.name}-lock").open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


@pytest.mark.slow
def test_commands_wait_for_a_locked_database(app: App) -> None:
    with locked_by_another(app.path) as other:
        programs = [app.start(*ADD[:1], f"daily-{number}", *ADD[2:]) for number in range(3)]
        until(lambda: is_write_locked(app.path))
        other.execute("ROLLBACK")
        assert [program.wait(timeout=30) for program in programs] == [0, 0, 0]
    assert read_value(app.db, "SELECT count(*) FROM schedules") == 3
    assert_intact(app)


@pytest.mark.slow
def test_pool_waits_for_a_locked_database(app: App) -> None:
    app.add_due_jobs(4, channels=2)
    app.slack.order("hold", times="forever")
    app.start("work", "--processes", "1")
    app.slack.wait_for_held(2)
    with locked_by_another(app.path) as other:
        app.slack.clear()
        app.slack.release()
        until(lambda: is_write_locked(app.path))
        until(lambda: len(app.posts()) == 2)
        other.execute("ROLLBACK")
    until(lambda: app.states() == {"succeeded": 4}, within=40)
    assert_posted_once(app, 4)
    assert_intact(app)


@pytest.mark.slow
def test_wait_for_a_locked_database_times_out(app: App) -> None:
    second = open_file(app.path, busy_ms=200)
    with locked_by_another(app.path):
        with pytest.raises(DatabaseUnusable, match="is locked by another program") as raised, second.writing():
            pass
        assert raised.value.hint == "Close that program, then try again."
    with second.writing():
        pass


@pytest.mark.slow
def test_wait_for_a_stopped_writer_times_out(app: App) -> None:
    second = open_file(app.path, busy_ms=200)
    with app.db.writing():
        for _ in range(2):
            with pytest.raises(DatabaseUnusable, match="is locked by another program"), second.writing():
                pass
    with second.writing():
        pass
    until(lambda: not is_write_locked(app.path))


# -- kills and power cuts


ENDED = "SELECT * FROM attempts WHERE ended_at IS NOT NULL"
SENT = "SELECT job_id, number, sent_at FROM attempts WHERE sent_at IS NOT NULL"


def append_old_frames(wal: bytes) -> bytes:
    return wal + wal[32 : 32 + 2 * 4120]


@pytest.mark.slow
@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda wal: wal + os.urandom(5_000), id="garbage behind the last commit"),
        pytest.param(lambda wal: wal + wal[-4_120:-2_000], id="half a page behind it"),
        pytest.param(append_old_frames, id="old pages behind it"),
    ],
)
def test_torn_write_loses_no_commit(app: App, spoil: Callable[[bytes], bytes]) -> None:
    app.add_due_jobs(4, channels=4)
    app.slack.order("drop_after", channel="C0000000003")
    pool = app.start("work", "--processes", "1")
    until(lambda: len(app.posts()) == 4)
    pool.kill()
    pool.wait()
    ended, sent = read_rows(app.db, ENDED), read_rows(app.db, SENT)
    reboot(app, spoil)
    assert set(ended) <= set(read_rows(app.db, ENDED))
    assert set(sent) <= set(read_rows(app.db, SENT))
    assert app.work().returncode == 0
    assert_posted_once(app, 4)
    assert_intact(app)


def reboot(app: App, spoil: Callable[[bytes], bytes]) -> None:
    """Open the files as after a reboot: without shared memory, and with the WAL changed by `spoil`."""
    contents = app.path.read_bytes(), spoil(wal_path(app.path).read_bytes())
    app.db.close()
    app.path.with_name(app.path.name + "-shm").unlink(missing_ok=True)
    app.path.write_bytes(contents[0])
    wal_path(app.path).write_bytes(contents[1])
    app.db = open_database(app.path)


@pytest.mark.slow
def test_sent_requests_are_on_the_disk(app: App, tmp_path: Path) -> None:
    app.add_due_jobs(40, channels=40)
    app.slack.order("delay", ms=200, times="forever")
    pool = app.start("work", "--processes", "1", "--in-flight", "4")
    for number in range(8):
        until(lambda least=number * 4: len(app.posts()) > least)  # type: ignore[misc]
        posted = {message["metadata"]["event_payload"]["occurrence"] for message in app.posts()}
        assert posted <= read_sent(copy_files(app.path, tmp_path / f"cut-{number}"))
    pool.send_signal(signal.SIGTERM)
    assert pool.wait(timeout=30) == 0


def copy_files(path: Path, folder: Path) -> Path:
    """Copy the files without shared memory, as a power cut leaves them."""
    folder.mkdir()
    for file in (path, wal_path(path)):
        shutil.copy(file, folder / file.name)
    return folder / path.name


def read_sent(path: Path) -> set[str]:
    """Return the occurrences with a sent request in the file."""
    connection = apsw.Connection(str(path))
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    sql = "SELECT schedule_id || ':' || due_at FROM jobs j, attempts a ON a.job_id = j.id WHERE sent_at IS NOT NULL"
    return {str(row[0]) for row in connection.execute(sql)}


def test_commit_waits_for_the_disk(app: App) -> None:
    FULL = 2
    assert read_value(app.db, "PRAGMA synchronous") == FULL
    assert read_value(app.db, "PRAGMA journal_mode") == "wal"
