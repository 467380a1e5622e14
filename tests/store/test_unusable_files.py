"""Files that cannot be used: an error and a hint, and the file is left as it was."""

import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from schedbot.store.open_database import create_database
from schedbot.store.sqlite import migrations
from tests.support.app import App
from tests.support.command_line import run_as_nobody
from tests.support.failing_pools import ADD, assert_refused, mount

ROOT = os.geteuid() == 0
WRITE = "Let the user that runs schedbot write the file and its folder."


# -- files without a database of schedbot


def foreign(path: Path) -> None:
    apsw.Connection(str(path)).execute("CREATE TABLE theirs (n INTEGER)")


def text(path: Path) -> None:
    path.write_text("name,cron\n" * 500)


def empty(path: Path) -> None:
    path.touch()


def newer(path: Path) -> None:
    create_database(path, "installation-1", 0).close()
    apsw.Connection(str(path)).execute(f"PRAGMA user_version = {migrations.newest() + 1:d}")


def damaged(path: Path) -> None:
    create_database(path, "installation-1", 0).close()
    apsw.Connection(str(path)).execute("PRAGMA journal_mode = DELETE")
    whole = path.read_bytes()
    path.write_bytes(whole[:100] + b"\xff" * 4_000 + whole[4_100:])


def unnumbered(path: Path) -> None:
    create_database(path, "installation-1", 0).close()
    apsw.Connection(str(path)).execute("PRAGMA user_version = 0")


@pytest.mark.parametrize(
    ("make", "error", "hint"),
    [
        pytest.param(unnumbered, "is an incomplete copy of a database", "Restore a backup", id="without a number"),
        pytest.param(foreign, "is not a database of schedbot", "schedbot init", id="another program's file"),
        pytest.param(text, "is not an SQLite database", "--database", id="a text file"),
        pytest.param(empty, "is empty", "schedbot init", id="an empty file"),
        pytest.param(Path.mkdir, "is a folder", "--database", id="a folder"),
        pytest.param(lambda path: None, "There is no database at", "schedbot init", id="nothing at all"),
        pytest.param(newer, "was written by a newer schedbot: its schema is", "newer version", id="a newer schema"),
        pytest.param(damaged, "is damaged", "Restore a backup", id="a damaged file"),
    ],
)
def test_unusable_file_is_refused_and_left_as_it_was(
    app: App, make: Callable[[Path], object], error: str, hint: str
) -> None:
    path = app.folder / "other.db"
    make(path)
    before = path.read_bytes() if path.is_file() else path.exists()
    code = 2 if error in ("is a folder", "There is no database at") else 1
    assert_refused(app.run("list", SCHEDBOT_DATABASE=str(path)), error, hint, code)
    assert (path.read_bytes() if path.is_file() else path.exists()) == before


def test_dump_is_refused(app: App) -> None:
    path = app.folder / "read back.db"
    with closing(sqlite3.connect(app.path)) as whole, closing(sqlite3.connect(path)) as copy:
        copy.executescript("\n".join(whole.iterdump()))
    assert_refused(
        app.run("list", SCHEDBOT_DATABASE=str(path)), "is not a database of schedbot", "A dump is not a backup"
    )


@pytest.mark.slow
def test_init_makes_a_database_of_an_empty_file(app: App) -> None:
    path = app.folder / "other.db"
    path.touch()
    assert app.run("init", SCHEDBOT_DATABASE=str(path)).returncode == 0
    assert app.run("list", SCHEDBOT_DATABASE=str(path)).returncode == 0


# -- permissions


@pytest.fixture
def shared_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder that other users can reach, with a database in it."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    create_database(folder / "schedbot.db", "installation-1", 0).close()
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


@pytest.mark.skipif(not ROOT, reason="needs root, to become another user")
@pytest.mark.parametrize(
    ("of_file", "of_folder", "words", "error"),
    [
        pytest.param(0o644, 0o755, ADD, "is read-only for nobody", id="it may read the file"),
        pytest.param(0o666, 0o755, ADD, "is read-only for nobody", id="it may write the file and not its folder"),
        pytest.param(0o600, 0o755, ("list",), "cannot be opened by nobody", id="it may not read the file"),
        pytest.param(0o644, 0o700, ("list",), "is read-only", id="it may not reach the file"),
    ],
)
def test_missing_permission_is_named(
    shared_folder: Path, of_file: int, of_folder: int, words: tuple[str, ...], error: str
) -> None:
    path = shared_folder / "schedbot.db"
    path.chmod(of_file)
    shared_folder.chmod(of_folder)
    before = path.read_bytes()
    done = run_as_nobody(*words, SCHEDBOT_DATABASE=str(path))
    assert_refused(done, error, WRITE if "only" in error else "Check the permissions")
    assert path.read_bytes() == before


def test_read_only_file_system_is_named(app: App, tmp_path: Path) -> None:
    home = tmp_path / "home"
    with mount(home, "-t", "tmpfs", "tmpfs"):
        create_database(home / "schedbot.db", "installation-1", 0).close()
        subprocess.run(["mount", "-o", "remount,ro", str(home)], check=True)
        assert_refused(app.run(*ADD, SCHEDBOT_DATABASE=str(home / "schedbot.db")), "is read-only", WRITE)
