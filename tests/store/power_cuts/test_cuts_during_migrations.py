"""Power cuts during a migration leave the old or the new file, and the next command migrates it."""

import shutil
from pathlib import Path
from typing import Any, NamedTuple

import apsw
import pytest

from schedbot.admin.import_export.importer import Source, import_file
from schedbot.store.sqlite import migrations
from schedbot.store.sqlite.open_file import open_file
from tests.support.power_cut import PowerCut, restore_each, simulated_disk
from tests.support.schedules import open_schedules

pytestmark = pytest.mark.slow

NOW = migrations.newest()
# The first script writes to every page of the jobs table, with less memory than that takes.
NEXT = (
    """
PRAGMA cache_size = 10;
ALTER TABLE jobs ADD COLUMN colour TEXT NOT NULL DEFAULT 'red';
UPDATE jobs SET colour = 'blue';
CREATE INDEX jobs_by_colour ON jobs (colour, due_at);
""",
    "CREATE TABLE colours (name TEXT) STRICT;",
)
TABLES = "SELECT type, name, sql FROM sqlite_schema ORDER BY type, name"
POSTS = "SELECT id, schedule_id, due_at, available_at, deadline_at, state, attempts, token, lease_until FROM jobs"
SENT = "SELECT job_id, number, sent_at, ended_at, outcome FROM attempts"


class FileContent(NamedTuple):
    """Content of a file: schema number, tables, and posts with their attempts."""

    schema: int
    tables: list[Any]
    posts: list[Any]


def read_content(path: Path) -> FileContent:
    """Read the file without migrating it. It must be intact."""
    db = apsw.Connection(str(path))
    assert db.execute("PRAGMA integrity_check").get == "ok"
    assert db.execute("PRAGMA foreign_key_check").fetchall() == []
    posts = [row for sql in (POSTS, SENT) for row in db.execute(sql).fetchall()]
    contents = FileContent(db.execute("PRAGMA user_version").get, db.execute(TABLES).fetchall(), posts)
    db.close()
    return contents


def fill_file(folder: Path, journal: str) -> Path:
    """Return a file of the present schema with 300 posts that are on their way."""
    lines = [f"report-{number},C{number:010d},0 9 * * *,UTC,Hi\n" for number in range(300)]
    with open_schedules(folder) as schedules:
        import_file(schedules.session, Source("file.csv", "".join(["name,channel,cron,tz,text\n", *lines]).encode()))
        schedules.claim(sent=True)
    db = apsw.Connection(str(schedules.path))
    db.execute(f"PRAGMA journal_mode = {journal}").fetchall()
    db.close()
    return schedules.path


def copy_scripts(folder: Path, steps: int) -> Path:
    """Return the program's migrations with as many of NEXT."""
    scripts = folder / "scripts"
    shutil.copytree(migrations.FOLDER, scripts)
    for number, script in enumerate(NEXT[:steps], start=NOW + 1):
        (scripts / f"{number:04d}_next_step.sql").write_text(script)
    return scripts


def migrate(path: Path, scripts: Path) -> list[PowerCut]:
    """Migrate the file. Returns a power cut for each sync, one for the end, and one for the close."""
    ended: list[bool] = []
    with simulated_disk() as disk:
        disk.observer = lambda: bool(ended)
        db = open_file(path, scripts=scripts)
        ended.append(True)
        disk.cut("the end")
        db.close()
        disk.cut("closed")
    return disk.cuts


@pytest.mark.parametrize("journal", ["wal", "delete"])
@pytest.mark.parametrize("steps", [1, 2])
def test_power_cut_during_a_migration_changes_no_post(tmp_path: Path, steps: int, journal: str) -> None:
    path, scripts = fill_file(tmp_path, journal), copy_scripts(tmp_path, steps)
    old, cuts, new = read_content(path), migrate(path, scripts), read_content(path)
    assert (old.schema, new.schema, old.posts) == (NOW, NOW + steps, new.posts)
    contents = []
    for cut, folder in restore_each(cuts, tmp_path):
        contents.append(read_content(folder / path.name))
        assert contents[-1] in ([new] if cut.observed else [old, new])
        open_file(folder / path.name, scripts=scripts).close()
        assert read_content(folder / path.name) == new
    assert old in contents
    assert new in contents
