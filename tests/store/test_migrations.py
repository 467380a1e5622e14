"""Upgrades: a migration is whole or not at all, moves no post, and an older program beside it writes no more."""

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
from schedbot.store.opening import create_database
from schedbot.store.sqlite import migrations
from schedbot.store.sqlite.connection import open_file
from tests.store.test_under_stress import someone_writes
from tests.support.app import App, Program, now_ms, until
from tests.support.sql import read_rows, read_value

DUMP = "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY type, name"
NEXT = migrations.newest() + 1
HEARTBEAT = """
INSERT INTO heartbeats (kind, name, program, started_at, beat_at) VALUES ('pool', 'vm-1:7', '0.0.1', :now, :now)
"""
# Long enough to be killed in its middle, after some of it is in the WAL.
SLOW = """
CREATE TABLE halves (n INTEGER) STRICT;
INSERT INTO halves WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000000) SELECT i FROM n;
"""
OPEN = """
from pathlib import Path
from schedbot.store.sqlite.connection import open_file
open_file(Path({!r}), scripts=Path({!r}))
"""


def scripts(folder: Path, following: str) -> Path:
    """The program's migrations, and one that is to come."""
    newer = folder / "newer"
    shutil.copytree(migrations.FOLDER, newer)
    (newer / f"{NEXT:04d}_what_is_to_come.sql").write_text(following)
    return newer


def outgrow(path: Path, schema: int = NEXT) -> None:
    """Let the file be as a newer program leaves it."""
    connection = apsw.Connection(str(path))
    connection.set_busy_timeout(10_000)  # a pool that runs writes, too
    connection.execute(f"PRAGMA user_version = {schema:d}")
    connection.close()


def test_the_tables_are_the_sum_of_the_migrations(tmp_path: Path) -> None:
    plain = apsw.Connection(":memory:")
    for _, script in migrations.after(0):
        plain.execute(script).fetchall()
    with_all = create_database(tmp_path / "schedbot.db", "installation-1", 0)
    assert read_rows(with_all, DUMP) == plain.execute(DUMP).fetchall()
    assert with_all.schema() == migrations.newest()


def test_migrations_are_numbered_without_a_gap_and_named_for_their_effect() -> None:
    names = sorted(path.name for path in migrations.FOLDER.glob("*.sql"))
    assert [int(name[:4]) for name in names] == list(range(1, len(names) + 1))
    assert all(len(name.split("_")) > 2 for name in names)


def test_an_older_file_is_brought_up_to_date_and_keeps_its_rows(app: App, tmp_path: Path) -> None:
    app.add_due_jobs(2)
    before = read_rows(app.db, "SELECT * FROM jobs")
    newer = open_file(app.path, scripts=scripts(tmp_path, "CREATE TABLE more (n INTEGER) STRICT;"))
    assert (newer.schema(), read_rows(newer, "SELECT * FROM jobs")) == (NEXT, before)
    assert read_rows(newer, "SELECT * FROM more") == []


def test_a_migration_that_fails_leaves_the_file_as_it_was(app: App, tmp_path: Path) -> None:
    before = read_rows(app.db, DUMP)
    with pytest.raises(apsw.SQLError):
        open_file(app.path, scripts=scripts(tmp_path, "CREATE TABLE more (n INTEGER); DROP TABLE not_there;"))
    assert (read_rows(app.db, DUMP), app.db.schema()) == (before, NEXT - 1)


def test_a_kill_in_the_middle_of_a_migration_leaves_the_file_as_it_was(app: App, tmp_path: Path) -> None:
    app.add_due_jobs(2)
    before = read_rows(app.db, DUMP)
    command = [sys.executable, "-c", OPEN.format(str(app.path), str(scripts(tmp_path, SLOW)))]
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


def test_a_pool_that_is_outgrown_ends_what_it_sent_begins_nothing_and_says_why(app: App) -> None:
    app.add_due_jobs(4, channels=1)
    app.slack.order("hold")
    pool = app.start("work", "--processes", "1")
    app.slack.wait_for_held(1)
    outgrow(app.path)
    app.slack.release()
    _, said = pool.communicate(timeout=30)
    assert pool.returncode == 1
    assert f"its schema is {NEXT}, schedbot {__version__} knows {NEXT - 1}." in said.splitlines()[-2]
    assert "Traceback" not in said
    assert app.states() == {"succeeded": 1, "queued": 3}
    outgrow(app.path, NEXT - 1)  # the newer program, whatever it is, goes on
    assert app.work().returncode == 0
    assert sorted(app.slack.texts()) == [f"report-{number}" for number in range(4)]


def test_an_idle_pool_finds_out_with_its_next_sign_of_life(app: App) -> None:
    pool = app.start("work", "--processes", "1")
    until(lambda: read_value(app.db, "SELECT count(*) FROM heartbeats"))
    outgrow(app.path)
    assert pool.wait(timeout=20) == 1
    assert read_value(app.db, "SELECT count(*) FROM heartbeats") == 0


def test_tables_in_which_an_end_can_not_be_written_lose_no_post_and_double_none(app: App) -> None:
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


def test_a_tick_that_began_before_the_upgrade_writes_nothing_after_it(app: App) -> None:
    app.add_schedule("daily", as_of=now_ms(), cron="* * * * *")
    before = app.states()
    outgrow(app.path)
    with pytest.raises(DatabaseOutgrown):
        app.tick(now_ms() + 120_000)
    assert app.states() == before


def is_stopped_at_rest(pool: Program, path: Path) -> bool:
    """Stop a pool where it writes nothing just then; else let it go on."""
    pool.send_signal(signal.SIGSTOP)
    if someone_writes(path):
        pool.send_signal(signal.SIGCONT)
        return False
    return True


def test_a_stopped_pool_that_wakes_after_the_upgrade_writes_nothing(app: App) -> None:
    pool = app.start("work", "--processes", "1")
    until(lambda: read_value(app.db, "SELECT count(*) FROM heartbeats"))
    until(lambda: is_stopped_at_rest(pool, app.path))
    app.add_due_jobs(1)
    outgrow(app.path)
    pool.send_signal(signal.SIGCONT)
    assert pool.wait(timeout=20) == 1
    assert (app.states(), app.slack.texts()) == ({"queued": 1}, [])


@pytest.mark.parametrize("command", ["health", "doctor"])
def test_a_pool_of_another_version_is_named_with_its_version(app: App, command: str) -> None:
    with app.db.writing():
        app.db.execute(HEARTBEAT, {"now": now_ms()})
    done = app.run(command)
    assert f"Worker pool 'vm-1:7' runs schedbot 0.0.1; this is {__version__}." in done.stdout + done.stderr
    assert "Restart 'schedbot work'." in done.stdout + done.stderr
    assert done.returncode == 1


def behind_the_first_write(folder: Path) -> Path:
    """The database as an `init` leaves it that is killed after the first time that it has let others write."""
    folder.mkdir()
    path, lock = folder / "schedbot.db", folder / "schedbot.db-lock"
    with lock.open("a") as turnstile, lock.open("a") as behind:
        fcntl.flock(turnstile, fcntl.LOCK_EX)
        words = [sys.executable, "-m", "schedbot", "--database", str(path), "init"]
        init = subprocess.Popen(words, cwd=folder, stdout=-3, stderr=-3)
        until(lambda: in_line(turnstile.fileno()) == 1, within=30)
        next_one = threading.Thread(target=fcntl.flock, args=(behind, fcntl.LOCK_EX))
        next_one.start()
        until(lambda: in_line(turnstile.fileno()) == 2)
        fcntl.flock(turnstile, fcntl.LOCK_UN)
        next_one.join()
        init.kill()
        init.wait()
    return path


def in_line(descriptor: int) -> int:
    """How many wait for the lock of this file: the system's lines on them have an arrow."""
    inode = os.fstat(descriptor).st_ino
    return sum("->" in line and f":{inode} " in line for line in Path("/proc/locks").read_text().splitlines())


def test_an_init_that_is_killed_between_two_writes_leaves_a_whole_database(tmp_path: Path) -> None:
    for number in range(10):
        made = apsw.Connection(str(behind_the_first_write(tmp_path / str(number))))
        if made.execute("SELECT 1 FROM sqlite_schema").fetchall():  # else it was killed before its first write
            break
    assert made.execute("SELECT count(*) FROM installation").fetchall() == [(1,)]
    assert made.execute("SELECT name FROM workspaces").fetchall() == [("default",)]
