"""The database under stress: a clear error or a wait, and after it the file is whole and no post is lost."""

import fcntl
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw
import pytest

from schedbot.errors import DatabaseUnusable
from schedbot.store.opening import open_database
from schedbot.store.sqlite.connection import open_file
from tests.support.app import App, Program, until
from tests.support.failing_pools import ADD, assert_refused, mount
from tests.support.sandboxes import fork_sandbox
from tests.support.sql import read_rows, read_value


def wal_of(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


def is_sound(app: App) -> None:
    """SQLite's check and schedbot's own find nothing wrong with the file."""
    assert read_value(app.db, "PRAGMA integrity_check") == "ok"
    assert f"ok       database: {app.path}" in app.run("doctor").stdout


def all_posted_once(app: App, count: int) -> None:
    assert sorted(app.slack.texts()) == sorted(f"report-{number}" for number in range(count))
    assert app.states() == {"succeeded": count}


# -- a full disk


@pytest.fixture
def small(tmp_path: Path) -> Iterator[App]:
    """A product on a disk of 3 MB."""
    disk = mount(tmp_path / "small", "-t", "tmpfs", "-o", "size=3m", "tmpfs")
    with disk as folder, fork_sandbox() as slack:
        app = App(folder, slack)
        yield app
        app.close()


def fill(folder: Path) -> Path:
    """A file that takes all the room there is."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while file.write(b"x" * 4096):
                pass
        except OSError:
            return filler
    raise AssertionError("the disk was never full")


def test_a_command_on_a_full_disk_says_so_and_changes_nothing(small: App) -> None:
    small.add_schedule("before", cron="0 9 * * *")
    filler = fill(small.folder)
    assert_refused(small.run(*ADD), "is full", "Free some space")
    filler.unlink()
    is_sound(small)
    assert [row[0] for row in read_rows(small.db, "SELECT name FROM schedules")] == ["before"]
    assert small.run(*ADD).returncode == 0


def test_a_pool_on_a_full_disk_keeps_what_it_knows_until_there_is_room(small: App) -> None:
    small.add_due_jobs(6, channels=2)
    small.slack.order("hold", times="forever")
    pool = small.start("work", "--processes", "1")
    small.slack.wait_for_held(2)
    filler = fill(small.folder)
    small.slack.clear()
    small.slack.release()
    said = lines_until(pool, "is full")
    assert pool.poll() is None
    assert any("database_unusable" in line for line in said)
    filler.unlink()
    until(lambda: small.states() == {"succeeded": 6}, within=40)
    all_posted_once(small, 6)
    assert {row[0] for row in read_rows(small.db, "SELECT attempts FROM jobs")} == {1}
    is_sound(small)


def lines_until(pool: Program, word: str) -> list[str]:
    """What a pool logs, up to a line with that word."""
    assert pool.stderr is not None
    said = []
    for line in pool.stderr:
        said.append(line)
        if word in line:
            return said
    raise AssertionError(f"it ended without '{word}': {said}")


# -- a locked database


@contextmanager
def locked_by_another(path: Path) -> Iterator[apsw.Connection]:
    other = apsw.Connection(str(path))
    other.execute("BEGIN EXCLUSIVE")
    yield other
    other.close()


def someone_writes(path: Path) -> bool:
    """Does somebody hold the lock file, to write or to wait for SQLite?"""
    with path.with_name(f"{path.name}-lock").open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def test_commands_wait_for_another_program_that_holds_the_file(app: App) -> None:
    with locked_by_another(app.path) as other:
        programs = [app.start(*ADD[:1], f"daily-{number}", *ADD[2:]) for number in range(3)]
        until(lambda: someone_writes(app.path))
        other.execute("ROLLBACK")
        assert [program.wait(timeout=30) for program in programs] == [0, 0, 0]
    assert read_value(app.db, "SELECT count(*) FROM schedules") == 3
    is_sound(app)


def test_a_pool_waits_for_another_program_and_forgets_nothing(app: App) -> None:
    app.add_due_jobs(4, channels=2)
    app.slack.order("hold", times="forever")
    app.start("work", "--processes", "1")
    app.slack.wait_for_held(2)
    with locked_by_another(app.path) as other:
        app.slack.clear()
        app.slack.release()
        until(lambda: someone_writes(app.path))
        until(lambda: len(app.posts()) == 2)
        other.execute("ROLLBACK")
    until(lambda: app.states() == {"succeeded": 4}, within=40)
    all_posted_once(app, 4)
    is_sound(app)


def test_a_wait_that_takes_too_long_ends_in_a_clear_error(app: App) -> None:
    impatient = open_file(app.path, busy_ms=200)
    with locked_by_another(app.path):
        with pytest.raises(DatabaseUnusable, match="is locked by another program") as told, impatient.writing():
            pass
        assert told.value.hint == "Close that program, then try again."
    with impatient.writing():
        pass


def test_a_program_that_was_stopped_while_it_wrote_is_not_waited_for_for_ever(app: App) -> None:
    impatient = open_file(app.path, busy_ms=200)
    with app.db.writing():
        for _ in range(2):
            with pytest.raises(DatabaseUnusable, match="is locked by another program"), impatient.writing():
                pass
    with impatient.writing():
        pass
    until(lambda: not someone_writes(app.path))


# -- kills and power cuts


ENDED = "SELECT * FROM attempts WHERE ended_at IS NOT NULL"
SENT = "SELECT job_id, number, sent_at FROM attempts WHERE sent_at IS NOT NULL"


def with_frames_of_old(wal: bytes) -> bytes:
    return wal + wal[32 : 32 + 2 * 4120]


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda wal: wal + os.urandom(5_000), id="garbage behind the last commit"),
        pytest.param(lambda wal: wal + wal[-4_120:-2_000], id="half a page behind it"),
        pytest.param(with_frames_of_old, id="pages of old behind it"),
    ],
)
def test_after_a_torn_write_all_that_was_committed_is_there(app: App, spoil: Callable[[bytes], bytes]) -> None:
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
    all_posted_once(app, 4)
    is_sound(app)


def reboot(app: App, spoil: Callable[[bytes], bytes]) -> None:
    """Files as the disk has them, nothing of the memory that processes shared."""
    kept = app.path.read_bytes(), spoil(wal_of(app.path).read_bytes())
    app.db.close()
    app.path.with_name(app.path.name + "-shm").unlink(missing_ok=True)
    app.path.write_bytes(kept[0])
    wal_of(app.path).write_bytes(kept[1])
    app.db = open_database(app.path)


def test_whatever_slack_has_seen_was_on_the_disk_before(app: App, tmp_path: Path) -> None:
    app.add_due_jobs(40, channels=40)
    app.slack.order("delay", ms=200, times="forever")
    pool = app.start("work", "--processes", "1", "--in-flight", "4")
    for number in range(8):
        until(lambda least=number * 4: len(app.posts()) > least)  # type: ignore[misc]
        seen = {message["metadata"]["event_payload"]["occurrence"] for message in app.posts()}
        assert seen <= left(copied(app.path, tmp_path / f"cut-{number}"))
    pool.send_signal(signal.SIGTERM)
    assert pool.wait(timeout=30) == 0


def copied(path: Path, folder: Path) -> Path:
    """The files as they lie there now, without the memory that is shared: what a power cut leaves."""
    folder.mkdir()
    for file in (path, wal_of(path)):
        shutil.copy(file, folder / file.name)
    return folder / path.name


def left(path: Path) -> set[str]:
    """The occurrences of which the file says that a request has left."""
    found = apsw.Connection(str(path))
    assert found.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    sql = "SELECT schedule_id || ':' || due_at FROM jobs j, attempts a ON a.job_id = j.id WHERE sent_at IS NOT NULL"
    return {str(row[0]) for row in found.execute(sql)}


def test_a_commit_waits_for_the_disk(app: App) -> None:
    FULL = 2
    assert read_value(app.db, "PRAGMA synchronous") == FULL
    assert read_value(app.db, "PRAGMA journal_mode") == "wal"
