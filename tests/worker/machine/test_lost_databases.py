"""A database file that is deleted, replaced or copied: it is named, and nothing is posted from a stale file."""

import os
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from schedbot.store.sqlite.location import CARDS, read_cards
from tests.support.app import App, now_ms, until
from tests.support.sql import read_value

LATER_MS = 60_000


def copy_database(app: App, to: Path) -> Path:
    """Copy the database as a backup does."""
    with closing(sqlite3.connect(app.path)) as source, closing(sqlite3.connect(to)) as target:
        source.backup(target)
    return to


def delete(app: App) -> None:
    app.path.unlink()


def replace(app: App) -> None:
    os.replace(copy_database(app, app.folder / "other.db"), app.path)


def belong_to_other_machine(path: Path) -> None:
    """Make another machine the file's owner."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE owner SET machine = 'another', boot = 'another', host = 'another'")


def make_owner_of_same_machine(path: Path) -> None:
    """Make the file's own place its owner, as on a copy of the whole machine."""
    status = path.stat()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "UPDATE owner SET path = ?, device = ?, inode = ?", (str(path), status.st_dev, status.st_ino)
        )


def change_cards(pid: int) -> None:
    """Give the machine of a process another network card, as the copy of a virtual machine has."""
    card = f"{CARDS}/eth9"
    script = f"""mount -t tmpfs cards {CARDS} && mkdir -p {card}/device && echo 0 > {card}/addr_assign_type &&
                 echo 02:00:00:00:00:99 > {card}/address"""
    subprocess.run(["nsenter", "-t", str(pid), "-m", "sh", "-c", script], check=True)


def has_pool(path: Path) -> bool:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT 1 FROM heartbeats WHERE kind = 'pool'").fetchone() is not None


@pytest.mark.slow
@pytest.mark.parametrize(("lose", "word"), [(delete, "was deleted"), (replace, "was replaced by another file")])
def test_pool_posts_nothing_from_a_lost_database(app: App, lose: Callable[[App], None], word: str) -> None:
    app.add_due_jobs(1)
    with closing(sqlite3.connect(app.path)) as stale:
        stale.execute("UPDATE jobs SET available_at = available_at + 1000000")
        stale.commit()
        pool = app.start("work", "--processes", "1")
        until(lambda: stale.execute("SELECT count(*) FROM heartbeats WHERE kind = 'pool'").fetchone() == (1,))
        lose(app)
        stale.execute("UPDATE jobs SET available_at = due_at")
        stale.commit()
        _, errors = pool.communicate(timeout=40)
        assert (pool.returncode, "database_lost" in errors) == (1, True)
        assert errors.splitlines()[-2].startswith(f"Error: The database '{app.path}' {word}")
        assert stale.execute("SELECT state FROM jobs").fetchone() == ("queued",)
    assert app.posts() == []


def test_tick_refuses_a_copy_beside_the_original(app: App) -> None:
    app.tick()
    copy = copy_database(app, app.folder / "copy.db")
    done = app.run("--database", str(copy), "tick")
    assert done.returncode == 1
    assert f"'{copy}' is a copy of '{app.path}', which is still there" in done.stderr
    assert app.run("tick").returncode == 0


def test_work_refuses_a_copy_from_another_machine(app: App) -> None:
    app.tick()
    copy = copy_database(app, app.folder / "copy.db")
    belong_to_other_machine(copy)
    done = app.run("--database", str(copy), "work", "--drain")
    assert done.returncode == 1
    assert "on the machine 'another'" in done.stderr
    assert app.run("--database", str(copy), "init", "--take-over").returncode == 0
    assert app.run("--database", str(copy), "work", "--drain").returncode == 0


@pytest.mark.slow
@pytest.mark.skipif(not read_cards() or os.geteuid() != 0, reason="needs a network card, and root for namespaces")
def test_copy_of_a_running_machine_posts_nothing(app: App) -> None:
    """The copy has the same machine-id, host name and boot, and goes on beside the original."""
    app.add_schedule("report", cron="0 0 1 1 *")
    app.tick()
    copy = copy_database(app, app.folder / "copy.db")
    make_owner_of_same_machine(copy)
    original, copied = (
        app.start_behind(["unshare", "-m"], "--database", str(path), "work") for path in (app.path, copy)
    )
    until(lambda: has_pool(app.path) and has_pool(copy))
    change_cards(copied.pid)
    for path in (app.path, copy):
        assert app.run("--database", str(path), "run-now", "report").returncode == 0
    errors = copied.communicate(timeout=60)[1]
    assert (copied.returncode, "which has other network cards" in errors) == (1, True)
    until(lambda: [job["state"] for job in app.audit()] == ["succeeded"])
    assert len(app.posts()) == 1
    assert original.poll() is None


@pytest.mark.parametrize("age", [0, 10 * LATER_MS])
def test_file_of_another_machine_is_refused_for_good(app: App, age: int) -> None:
    app.tick(now_ms() - age)
    belong_to_other_machine(app.path)  # its inode stays, as it may on the volume of a restored backup
    done = app.run("tick")
    assert (done.returncode, "on the machine 'another'" in done.stderr) == (1, True)
    assert app.run("init", "--take-over").returncode == 0
    assert app.run("tick").returncode == 0


def test_older_file_in_the_place_of_the_database_is_refused(app: App) -> None:
    app.tick()
    older = copy_database(app, app.folder / "older.db")
    app.db.close()
    for path in app.folder.glob("schedbot.db*"):
        path.unlink()
    os.replace(older, app.path)
    for command in (["tick"], ["work", "--drain"], ["health"], ["retry", "--state", "failed"]):
        done = app.run(*command)
        assert (done.returncode, "may be older" in done.stdout + done.stderr) == (1, True), command
    os.replace(app.path, older)
    assert app.run("restore", str(older)).returncode == 0
    assert app.run("tick").returncode == 0


def test_moved_database_goes_on(app: App) -> None:
    app.tick()
    moved = copy_database(app, app.folder / "moved.db")
    app.path.unlink()
    done = app.run("--database", str(moved), "tick")
    assert (done.returncode, "database_moved" in done.stderr) == (0, True)
    assert "database_moved" not in app.run("--database", str(moved), "tick").stderr


@pytest.mark.slow
def test_pool_ends_when_another_place_takes_over(app: App) -> None:
    app.add_due_jobs(1)
    with closing(sqlite3.connect(app.path)) as connection, connection:
        connection.execute("UPDATE jobs SET available_at = available_at + 1000000")
    pool = app.start("work", "--processes", "1")
    until(lambda: has_pool(app.path))
    belong_to_other_machine(app.path)
    with closing(sqlite3.connect(app.path)) as connection, connection:
        connection.execute("UPDATE jobs SET available_at = due_at")
    _, errors = pool.communicate(timeout=40)
    assert (pool.returncode, "now belongs to" in errors) == (1, True)


def test_take_over_stops_the_owner_on_this_machine(app: App) -> None:
    app.tick()
    copy = copy_database(app, app.folder / "copy.db")
    done = app.run("--database", str(copy), "init", "--take-over")
    assert (done.returncode, f"Taken over from '{app.path}'" in done.stdout) == (0, True)
    assert app.run("--database", str(copy), "tick").returncode == 0
    for command in (["tick"], ["work", "--drain"]):
        refused = app.run(*command)
        assert (refused.returncode, f"is a copy of '{copy}', which is still there" in refused.stderr) == (1, True)


@pytest.mark.slow
def test_take_over_is_refused_while_a_pool_works(app: App) -> None:
    app.tick()
    app.start("work", "--processes", "1")
    until(lambda: read_value(app.db, "SELECT count(*) FROM heartbeats WHERE kind = 'pool'") == 1)
    copy = copy_database(app, app.folder / "copy.db")
    done = app.run("--database", str(copy), "init", "--take-over")
    assert (done.returncode, f"A worker pool works with '{app.path}'" in done.stderr) == (1, True)
    assert app.run("--database", str(copy), "tick").returncode == 1


def test_take_over_names_the_other_machine(app: App) -> None:
    app.tick()
    copy = copy_database(app, app.folder / "copy.db")
    belong_to_other_machine(copy)
    assert "on the machine 'another'" in app.run("--database", str(copy), "init", "--take-over").stdout


@pytest.mark.slow
def test_commands_say_that_a_copy_posts_nothing(app: App) -> None:
    app.add_due_jobs(1)
    app.tick()
    copy = copy_database(app, app.folder / "copy.db")
    name = read_value(app.db, "SELECT name FROM schedules")
    for command, code in (
        (["health"], 1),
        (["doctor"], 1),
        (["run-now", name], 1),
        (["retry", "1"], 1),
        (["backfill", name, "--from", "yesterday", "--to", "now", "--dry-run"], 1),
        (["test-send", name], 1),
    ):
        done = app.run("--database", str(copy), *command)
        assert (done.returncode, "is a copy of" in done.stdout + done.stderr) == (code, True), command
    assert app.posts() == []
