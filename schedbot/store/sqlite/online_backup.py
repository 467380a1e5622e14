"""Copy a database in use into a new file, as of one commit. Writers go on meanwhile.

Source: https://sqlite.org/backup.html; all pages are copied in one step, so that writers never make it begin again.
"""

import os
from pathlib import Path

import apsw

from schedbot.file_access import sync_to_disk
from schedbot.store.sqlite.errors import full, translated

ALL_PAGES = -1
MARK = "UPDATE installation SET backed_up_at = ?"


def copy(connection: apsw.Connection, source: Path, target: Path, backed_up_at: int | None = None) -> None:
    """Copy the database into `target`, a file that does not exist yet; only its owner may read it.

    `backed_up_at`: write the instant into the copy, so that a restore knows it.

    The copy is checked and is on the disk at the end. Raises DatabaseUnusable.
    """
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    with translated(source):
        copied = apsw.Connection(str(target))
        try:
            with copied.backup("main", connection, "main") as backup:
                backup.step(ALL_PAGES)
            copied.execute("PRAGMA journal_mode = DELETE").fetchall()
            copied.execute("PRAGMA synchronous = FULL")
            if backed_up_at is not None:
                copied.execute(MARK, (backed_up_at,)).fetchall()
        except apsw.FullError:
            raise full(target.parent) from None
        finally:
            copied.close()
    sync_to_disk(target)


def find_damage(target: Path) -> str:
    """Return the first problem of a copy, or ''."""
    with translated(target):
        connection = apsw.Connection(str(target), flags=apsw.SQLITE_OPEN_READONLY)
        try:
            for pragma in ("integrity_check", "foreign_key_check"):
                problems = [str(row[0]) for row in connection.execute(f"PRAGMA {pragma}") if row[0] != "ok"]
                if problems:
                    return " ".join(problems[0].split())
            return ""
        finally:
            connection.close()


def count_jobs(target: Path) -> int:
    """Return the number of jobs in a copy."""
    with translated(target):
        connection = apsw.Connection(str(target), flags=apsw.SQLITE_OPEN_READONLY)
        try:
            return int(str(connection.execute("SELECT count(*) FROM jobs").fetchall()[0][0]))
        finally:
            connection.close()
