"""Connection of a user who may read the database and not write it: nothing is made beside the file.

SQLite reads a file in WAL mode through two files beside it, `-wal` and `-shm`. They exist while a pool or a command has
the database open; a reader uses them as they are. Without them all is in the database itself, which is read as a file
that does not change. If a writer comes meanwhile, `refuse_changed` says so.
"""

import os
from pathlib import Path

import apsw

from schedbot.errors import DatabaseUnusable

Stamp = tuple[int, int, int]


def is_reader(path: Path) -> bool:
    """May this user only read the database? Without a `-wal` file, a writer needs to make it in the folder."""
    return not os.access(path, os.W_OK) or not (os.access(path.parent, os.W_OK) or wal_of(path).exists())


def connect(path: Path) -> tuple[apsw.Connection, Stamp | None]:
    """Return a connection that reads, and the stamp of a file that must not change meanwhile."""
    from urllib.parse import quote

    has_wal = wal_of(path).exists()
    stamp = None if has_wal else read_stamp(path)
    address = f"file:{quote(str(path.absolute()))}?mode=ro&{'readonly_shm' if has_wal else 'immutable'}=1"
    return apsw.Connection(address, flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI), stamp


def refuse_changed(path: Path, stamp: Stamp | None) -> None:
    """Raise DatabaseUnusable if the file was written since the stamp: what was read may be old and new mixed."""
    if stamp and read_stamp(path) != stamp:
        raise DatabaseUnusable(f"'{path}' was written while it was read.", "Run the command again.")


def read_stamp(path: Path) -> Stamp:
    try:
        status = path.stat()
    except OSError:
        return 0, 0, 0
    return status.st_ino, status.st_size, status.st_mtime_ns


def wal_of(path: Path) -> Path:
    real = path.resolve()
    return real.with_name(f"{real.name}-wal")
