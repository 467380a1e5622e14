"""The driver's and the system's errors, said as what they mean for a person: what is wrong with which file, what helps.

An error that no user can cause is a defect: it is let through as it is.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw

from schedbot import __version__
from schedbot.errors import BadInput, DatabaseUnusable, SchedbotError
from schedbot.store.database import DatabaseOutgrown


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Raises SchedbotError where what is inside fails for a reason that lies with the file, its folder or its disk."""
    try:
        yield
    except apsw.Error as error:
        told = meaning(error, path)
        if told is None:
            raise
        raise told from None
    except OSError as error:
        raise of_the_system(error, path) from None


def meaning(error: apsw.Error, path: Path) -> SchedbotError | None:
    """What an error of SQLite says about the file, or None where the defect is ours."""
    match error:
        case apsw.BusyError() | apsw.LockedError():
            return locked(path)
        case apsw.ReadOnlyError() | apsw.PermissionsError() | apsw.AuthError():
            return read_only(path)
        case apsw.FullError():
            return full(path)
        case apsw.NotADBError():
            return DatabaseUnusable(f"'{path}' is not an SQLite database.", "Name schedbot's own with --database.")
        case apsw.CorruptError():
            return DatabaseUnusable(
                f"The database '{path}' is damaged.", "Restore a backup, or see sqlite.org/recovery.html."
            )
        case apsw.CantOpenError():
            # Even to read, SQLite makes a file beside it that its readers share.
            if os.access(path, os.R_OK) and not os.access(path.parent, os.W_OK):
                return read_only(path)
            return DatabaseUnusable(
                f"The database '{path}' cannot be opened.", "See who may read and write it and its folder."
            )
        case apsw.IOError():
            return DatabaseUnusable(
                f"The disk that holds '{path}' fails.", "See to the disk; then 'PRAGMA integrity_check'."
            )
        case apsw.TooBigError():
            return BadInput("A value is too long to be stored.", "Shorten it to less than a million characters.")
    return None


def of_the_system(error: OSError, path: Path) -> DatabaseUnusable:
    """What an error of the system says about the file."""
    match error.errno:
        case errno.EACCES | errno.EPERM | errno.EROFS:
            return read_only(path)
        case errno.ENOSPC | errno.EDQUOT | errno.EFBIG:
            return full(path)
    return DatabaseUnusable(f"The database '{path}' cannot be used: {error.strerror}.", "See to it, then try again.")


def locked(path: Path) -> DatabaseUnusable:
    return DatabaseUnusable(
        f"The database '{path}' is locked by another program.", "Close that program, then try again."
    )


def read_only(path: Path) -> DatabaseUnusable:
    return DatabaseUnusable(
        f"The database '{path}' is read-only.",
        "Give the user that runs schedbot the right to write the file and its folder.",
    )


def full(path: Path) -> DatabaseUnusable:
    return DatabaseUnusable(
        f"The disk that holds '{path}' is full.", "Make room, then try again; nothing was half written."
    )


def newer(path: Path, schema: int, known_schema: int) -> DatabaseOutgrown:
    return DatabaseOutgrown(
        f"'{path}' was written by a newer schedbot: its schema is {schema}, "
        f"schedbot {__version__} knows {known_schema}.",
        "Use the newer version, or restore a backup from before it.",
    )
