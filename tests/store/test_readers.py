"""A user who may only read the database: commands that read work, and nothing is made beside the file."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from schedbot.store.database import Database
from schedbot.store.open_database import create_database, open_database
from schedbot.store.sqlite import open_file
from tests.support.command_line import run_as_nobody
from tests.support.failing_pools import ADD, assert_refused

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become another user")
READING = [("list",), ("audit",), ("health", "--json"), ("show", "daily"), ("next", "daily"), ("export",)]


@pytest.fixture
def path() -> Iterator[Path]:
    """A database with a schedule, in a folder of root that everybody may read."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    path = folder / "schedbot.db"
    create_database(path, "installation-1", 0, add_workspace).close()
    path.chmod(0o644)
    yield path
    shutil.rmtree(folder)


def add_workspace(db: Database) -> None:
    from schedbot.store.schedules import workspaces

    workspaces.ensure_default(db, 0)


@pytest.mark.slow
@pytest.mark.parametrize("is_open", [False, True], ids=["nobody has it open", "a pool has it open"])
def test_reader_uses_commands_that_read(path: Path, is_open: bool) -> None:
    database = {"SCHEDBOT_DATABASE": str(path)}
    run_as_root(ADD, path)
    db = open_database(path) if is_open else None
    if db:
        with db.writing():
            db.execute("UPDATE schedules SET account = 'acme'")
    before = {entry.name for entry in path.parent.iterdir()}
    for words in READING:
        done = run_as_nobody(*words, **database)
        assert (done.stderr.startswith("Error"), "Traceback" in done.stderr) == (False, False), done.stderr
    listed = run_as_nobody("list", "--json", **database).stdout
    assert '"name": "daily"' in listed
    assert ('"account": "acme"' in listed) == is_open
    assert "daily" in run_as_nobody("why", "daily", **database).stdout
    assert {entry.name for entry in path.parent.iterdir()} == before
    assert_refused(run_as_nobody("pause", "daily", **database), "is read-only for nobody: it belongs to root", "write")
    if db:
        db.close()


def run_as_root(words: tuple[str, ...], path: Path) -> None:
    import subprocess
    import sys

    subprocess.run([sys.executable, "-m", "schedbot", "--database", str(path), *words], check=True, stdout=-3)


def test_write_during_a_read_is_named(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("schedbot.store.sqlite.reader.is_reader", lambda _: True)
    db = open_file.open_file(path)
    monkeypatch.undo()
    writer = open_database(path)
    with writer.writing():
        writer.execute("UPDATE workspaces SET name = 'other'")
    writer.close()
    with pytest.raises(Exception, match="was written while it was read"):
        db.close()
