"""Migrations: each is complete or not done, loses no post, and an older program writes no more after it."""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import apsw
import pytest

from schedbot import __version__
from schedbot.store.database import DatabaseOutgrown
from schedbot.store.open_database import create_database
from schedbot.store.sqlite import migrations
from schedbot.store.sqlite.open_file import open_file
from tests.store.test_database_failures import is_write_locked
from tests.support.app import App, Program, now_ms, until
from tests.support.sql import read_rows, read_value

DUMP = "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY type, name"
NEXT = migrations.newest() + 1
HEARTBEAT = """
INSERT INTO heartbeats (kind, name, program, started_at, beat_at) VALUES ('pool', 'vm-1:7', '0.0.1', :now, :now)
"""
# Long enough to be killed half-way, after part of it is in the WAL.
SLOW = """
CREATE TABLE halves (n INTEGER) STRICT;
INSERT INTO halves WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000000) SELECT i FROM n;
"""
OPEN = """
from pathlib import Path
from schedbot.store.sqlite.open_file import open_file
open_file(Path({!r}), scripts=Path({!r}))
"""


def copy_scripts(folder: Path, following: str) -> Path:
    """Copy the program's migrations, with one more."""
    newer = folder / "newer"
    shutil.copytree(migrations.FOLDER, newer)
    (newer / f"{NEXT:04d}_next_change.sql").write_text(following)
    return newer


def set_schema(path: Path, schema: int = NEXT) -> None:
    """Set the schema's number, as a newer program does."""
    connection = apsw.Connection(str(path))
    connection.set_busy_timeout(10_000)  # a running pool writes too
    connection.execute(f"PRAGMA user_version = {schema:d}")
    connection.close()


def test_tables_are_the_sum_of_the_migrations(tmp_path: Path) -> None:
    plain = apsw.Connection(":memory:")
    for _, script in migrations.after(0):
        plain.execute(script).fetchall()
    db = create_database(tmp_path / "schedbot.db", "installation-1", 0)
    assert read_rows(db, DUMP) == plain.execute(DUMP).fetchall()
    assert db.schema() == migrations.newest()


def test_migrations_are_numbered_without_gaps_and_named() -> None:
    names = sorted(path.name for path in migrations.FOLDER.glob("*.sql"))
    assert [int(name[:4]) for name in names] == list(range(1, len(names) + 1))
    assert all(len(name.split("_")) > 2 for name in names)


def test_older_file_is_migrated_and_keeps_its_rows(app: App, tmp_path: Path) -> None:
    app.add_due_jobs(2)
    before = read_rows(app.db, "SELECT * FROM jobs")
    newer = open_file(app.path, scripts=copy_scripts(tmp_path, "CREATE TABLE more (n INTEGER) STRICT;"))
    assert (newer.schema(), read_rows(newer, "SELECT * FROM jobs")) == (NEXT, before)
    assert read_rows(newer, "SELECT * FROM more") == []


def test_failed_migration_leaves_the_file_as_it_was(app: App, tmp_path: Path) -> None:
    before = read_rows(app.db, DUMP)
    with pytest.raises(apsw.SQLError):
        open_file(app.path, scripts=copy_scripts(tmp_path, "CREATE TABLE more (n INTEGER); DROP TABLE not_there;"))
    assert (read_rows(app.db, DUMP), app.db.schema()) == (before, NEXT - 1)


@pytest.mark.slow
def test_killed_migration_leaves_the_file_as_it_was(app: App, tmp_path: Path) -> None:
    app.add_due_jobs(2)
    before = read_rows(app.db, DUMP)
    command = [sys.executable, "-c", OPEN.format(str(app.path), str(copy_scripts(tmp_path, SLOW)))]
    migrating = subprocess.Popen(command)
    wal = app.path.with_name(app.path.name + "-wal")
    until(lambda: wal.stat().st_size > 5_000_000, within=30)
    assert migrating.poll() is None
    migrating.kill()
    migrating.wait()
    assert (read_rows(app.db, DUMP), app.db.schema()) == (before, NEXT - 1)
    assert read_value(app.db, "PRAGMA integrity_check") == "ok"
    assert app.work().returncode == 0
    assert sorted(app.slack.texts()) == ["report-0", "report-1"]


@pytest.mark.slow
def test_pool_under_a_newer_schema_ends_only_sent_jobs(app: App) -> None:
    app.add_due_jobs(4, channels=1)
    app.slack.order("hold")
    pool = app.start("work", "--processes", "1")
    app.slack.wait_for_held(1)
    set_schema(app.path)
    app.slack.release()
    _, log = pool.communicate(timeout=30)
    assert pool.returncode == 1
    assert f"its schema is {NEXT}, schedbot {__version__} knows {NEXT - 1}." in log.splitlines()[-2]
    assert "Traceback" not in log
    assert app.states() == {"succeeded": 1, "queued": 3}
    set_schema(app.path, NEXT - 1)  # as though the schema fitted again
    assert app.work().returncode == 0
    assert sorted(app.slack.texts()) == [f"report-{number}" for number in range(4)]


@pytest.mark.slow
def test_idle_pool_sees_a_newer_schema_at_its_next_heartbeat(app: App) -> None:
    pool = app.start("work", "--processes", "1")
    pools = "SELECT count(*) FROM heartbeats WHERE kind = 'pool'"
    until(lambda: read_value(app.db, pools))
    set_schema(app.path)
    assert pool.wait(timeout=20) == 1
    assert read_value(app.db, pools) == 0


@pytest.mark.slow
def test_incompatible_tables_lose_and_double_no_post(app: App) -> None:
    app.add_due_jobs(1)
    app.slack.order("hold")
    pool = app.start("work", "--processes", "1")
    app.slack.wait_for_held(1)
    changed = apsw.Connection(str(app.path))
    changed.set_busy_timeout(10_000)
    changed.execute(f"BEGIN; ALTER TABLE jobs RENAME COLUMN spent TO used; PRAGMA user_version = {NEXT}; COMMIT")
    app.slack.release()
    assert "Traceback" not in pool.communicate(timeout=30)[1]
    assert pool.returncode == 1
    changed.execute(f"BEGIN; ALTER TABLE jobs RENAME COLUMN used TO spent; PRAGMA user_version = {NEXT - 1}; COMMIT")
    assert app.work().returncode == 0
    assert (app.slack.texts(), app.states()) == (["report-0"], {"succeeded": 1})


def test_tick_writes_nothing_after_an_upgrade(app: App) -> None:
    app.add_schedule("daily", as_of=now_ms(), cron="* * * * *")
    before = app.states()
    set_schema(app.path)
    with pytest.raises(DatabaseOutgrown):
        app.tick(now_ms() + 120_000)
    assert app.states() == before


def stop_outside_of_writes(pool: Program, path: Path) -> bool:
    """Stop a pool while it writes nothing; else let it go on and return False."""
    pool.send_signal(signal.SIGSTOP)
    if is_write_locked(path):
        pool.send_signal(signal.SIGCONT)
        return False
    return True


@pytest.mark.slow
def test_stopped_pool_writes_nothing_after_an_upgrade(app: App) -> None:
    pool = app.start("work", "--processes", "1")
    until(lambda: read_value(app.db, "SELECT count(*) FROM heartbeats"))
    until(lambda: stop_outside_of_writes(pool, app.path))
    app.add_due_jobs(1)
    set_schema(app.path)
    pool.send_signal(signal.SIGCONT)
    assert pool.wait(timeout=20) == 1
    assert (app.states(), app.slack.texts()) == ({"queued": 1}, [])


@pytest.mark.parametrize("command", ["health", "doctor"])
def test_health_and_doctor_name_a_pool_of_another_version(app: App, command: str) -> None:
    with app.db.writing():
        app.db.execute(HEARTBEAT, {"now": now_ms()})
    done = app.run(command)
    assert f"Worker pool 'vm-1:7' runs schedbot 0.0.1; this is {__version__}." in done.stdout + done.stderr
    assert "Restart 'schedbot work'." in done.stdout + done.stderr
    assert done.returncode == 1


def kill_after_first_write(folder: Path) -> Path:
    """Kill an `init` after it released the write lock for the first time. Returns the path of its database."""
    folder.mkdir()
    path, lock = folder / "schedbot.db", folder / "schedbot.db-lock"
    with lock.open("a") as write_lock, lock.open("a") as waiting:
        fcntl.flock(write_lock, fcntl.LOCK_EX)
        words = [sys.executable, "-m", "schedbot", "--database", str(path), "init"]
        init = subprocess.Popen(words, cwd=folder, stdout=-3, stderr=-3)
        until(lambda: count_waiting(write_lock.fileno()) == 1, within=30)
        waiter = threading.Thread(target=fcntl.flock, args=(waiting, fcntl.LOCK_EX))
        waiter.start()
        until(lambda: count_waiting(write_lock.fileno()) == 2)
        fcntl.flock(write_lock, fcntl.LOCK_UN)
        waiter.join()
        init.kill()
        init.wait()
    return path


def count_waiting(descriptor: int) -> int:
    """Return the number of waiters for the lock of this file: their lines in /proc/locks have an arrow."""
    inode = os.fstat(descriptor).st_ino
    return sum("->" in line and f":{inode} " in line for line in Path("/proc/locks").read_text().splitlines())


@pytest.mark.slow
def test_killed_init_leaves_a_complete_database(tmp_path: Path) -> None:
    for number in range(10):
        db = apsw.Connection(str(kill_after_first_write(tmp_path / str(number))))
        if db.execute("SELECT 1 FROM sqlite_schema").fetchall():  # else it was killed before its first write
            break
    assert db.execute("SELECT count(*) FROM installation").fetchall() == [(1,)]
    assert db.execute("SELECT name FROM workspaces").fetchall() == [("default",)]
