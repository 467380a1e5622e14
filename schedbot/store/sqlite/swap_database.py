"""Replace a database by a copy; the file that was there before stays under another name."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import apsw

from schedbot.errors import DatabaseUnusable
from schedbot.file_access import sync_to_disk
from schedbot.store.sqlite import application_id, migrations, online_backup
from schedbot.store.sqlite.companion_files import remove_database
from schedbot.store.sqlite.errors import newer, translated
from schedbot.store.sqlite.location import refuse_missing

NO_BACKUP = "Name a file that 'schedbot backup' made. A dump is no backup."


@contextmanager
def no_other_restore(path: Path) -> Iterator[None]:
    """Let one restore at a time work in the folder of the database. Raises DatabaseUnusable for another one."""
    with translated(path):
        descriptor = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DatabaseUnusable(f"Another restore works in '{path.parent}'.", "Wait until it has ended.") from None
        yield
    finally:
        os.close(descriptor)


@contextmanager
def verified_copy(source: Path, path: Path) -> Iterator[Path]:
    """Yield a checked copy of the database `source` beside `path`; it is deleted at the end, unless it was renamed.

    Raises DatabaseUnusable for a file that is no database of schedbot, is of a newer version, or is damaged.
    """
    copy = path.with_name(f".{path.name}.restore")
    remove_database(copy)
    try:
        with naming_a_backup(), translated(source):
            refuse_missing(source)
            connection = apsw.Connection(str(source), flags=apsw.SQLITE_OPEN_READONLY)
            try:
                application_id.refuse_other_programs(connection, source)
                refuse_newer(connection, source)
                with translated(path):
                    online_backup.copy(connection, source, copy)
            finally:
                connection.close()
        if damage := online_backup.find_damage(copy):
            raise DatabaseUnusable(f"The backup '{source}' is damaged: {damage}.", "Restore another one.")
        yield copy
    finally:
        remove_database(copy)


@contextmanager
def naming_a_backup() -> Iterator[None]:
    """Let the hint of an error speak of the backup, where it would speak of the database."""
    try:
        yield
    except DatabaseUnusable as error:
        if "--database" in error.hint or "Restore a backup" in error.hint:
            raise type(error)(str(error), NO_BACKUP) from None
        raise


def refuse_newer(connection: apsw.Connection, source: Path) -> None:
    """Raise DatabaseUnusable for a backup without tables, and for tables that a newer program made."""
    number, known = int(str(connection.pragma("user_version"))), migrations.newest()
    if not number:
        raise DatabaseUnusable(f"'{source}' is not a database of schedbot.", NO_BACKUP)
    if number > known:
        raise newer(source, number, known)


def name_aside(path: Path, instant: str) -> Path:
    """Return a name for the old database that no file has: an earlier one may be of the same second."""
    name = f"{path.name}.before-{instant}"
    names = (path.with_name(name if number == 1 else f"{name}-{number}") for number in count(1))
    return next(free for free in names if not os.path.lexists(free))


def swap(copy: Path, path: Path, aside: Path) -> None:
    """Give the copy the name `path`, and the database that had it the name `aside`. Neither is open.

    Killed between two steps, it leaves `path` missing, and the old database whole under the name `aside`.
    """
    with translated(path):
        for suffix in ("-wal", "-shm"):
            if (companion := path.with_name(path.name + suffix)).exists():
                companion.rename(aside.with_name(aside.name + suffix))
        if path.exists():
            path.rename(aside)
        copy.rename(path)
        sync_to_disk(path.parent)
