"""Errors of SQLite and of the operating system, translated for a person: the problem with the file, and the remedy.

An error that no user can cause is a bug, and stays as it is.
"""

import errno
import os
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

import apsw

from schedbot import __version__
from schedbot.errors import MACHINE_FAILURES, BadInput, DatabaseUnusable, DiskFull, SchedbotError
from schedbot.file_access import owner_name, user_name
from schedbot.store.database import DatabaseOutgrown

SHARED_MEMORY_BYTES = 32_768  # of the file -shm: https://www.sqlite.org/walformat.html#the_wal_index_file_format
WRITE = "Let the user that runs schedbot write the file and its folder."


class Translation:
    """Context of `translated`: a class, because each statement enters one, and a generator takes five times as long."""

    __slots__ = ("_on_sql_error", "_path")

    def __init__(self, path: Path, on_sql_error: Callable[[], None] | None) -> None:
        self._path, self._on_sql_error = path, on_sql_error

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is None:
            return
        if self._on_sql_error and isinstance(error, apsw.SQLError):
            self._on_sql_error()
        if isinstance(error, apsw.Error) and (translation := translate_sqlite_error(error, self._path)):
            raise translation from None
        if isinstance(error, OSError):
            raise translate_os_error(error, self._path) from None


def translated(path: Path, on_sql_error: Callable[[], None] | None = None) -> Translation:
    """Raise SchedbotError where the code inside fails because of the file, its folder or its disk.

    `on_sql_error` is called for a statement that does not fit the tables, and may raise the reason.
    """
    return Translation(path, on_sql_error)


def translate_sqlite_error(error: apsw.Error, path: Path) -> SchedbotError | None:
    """Return the error for a person, or None for a bug."""
    match error:
        case apsw.BusyError() | apsw.LockedError():
            return locked(path)
        case apsw.ReadOnlyError() | apsw.PermissionsError() | apsw.AuthError():
            return name_companion(path, os.W_OK) or read_only(path)
        case apsw.FullError():
            return full(path)
        case apsw.NotADBError():
            return DatabaseUnusable(f"'{path}' is not an SQLite database.", "Name schedbot's own with --database.")
        case apsw.CorruptError():
            return DatabaseUnusable(
                f"The database '{path}' is damaged.", "Restore a backup, or see sqlite.org/recovery.html."
            )
        case apsw.CantOpenError():
            return cannot_open(path)
        case apsw.IOError():
            return failing_disk(path)
        case apsw.TooBigError():
            return BadInput("A value is too long to be stored.", "Shorten it to less than a million characters.")
    return None


def translate_os_error(error: OSError, path: Path) -> DatabaseUnusable:
    """Return the error for a person."""
    match error.errno:
        case errno.EACCES | errno.EPERM | errno.EROFS:
            return read_only(path)
        case errno.ENOSPC | errno.EDQUOT | errno.EFBIG:
            return full(path)
        case errno.EMFILE | errno.ENFILE:
            return no_descriptors(path)
    return DatabaseUnusable(f"The database '{path}' cannot be used: {error.strerror}.", "Fix that, then try again.")


def name_companion(path: Path, access: int) -> DatabaseUnusable | None:
    """Return the error of a file of SQLite beside the database that this user cannot open; None if it can."""
    for companion in (path.with_name(path.name + suffix) for suffix in ("-wal", "-shm")):
        if companion.is_symlink() or companion.is_dir():
            kind = "a link" if companion.is_symlink() else "a folder"
            return DatabaseUnusable(
                f"'{companion}' is {kind}, in the place of a file of SQLite.",
                f"Find out who put it there, then delete it. Only the user of schedbot should write '{path.parent}'.",
            )
        if companion.exists() and not os.access(companion, access):
            return DatabaseUnusable(
                f"'{companion}' belongs to {owner_name(companion)}, and {user_name(os.geteuid())} cannot open it.",
                f"Give it the owner and the mode of the database: {owner_name(path)}.",
            )
    return None


def failing_disk(path: Path) -> DatabaseUnusable:
    if is_disk_full(path.parent):
        return full(path)
    return DatabaseUnusable(
        f"The disk that holds '{path}' fails.", "Check the disk, then run 'PRAGMA integrity_check'."
    )


def cannot_open(path: Path) -> DatabaseUnusable:
    if not can_open_a_file():
        return no_descriptors(path)
    return name_companion(path, os.R_OK) or DatabaseUnusable(
        f"The database '{path}' of {owner_name(path)} cannot be opened by {user_name(os.geteuid())}.",
        "Check the permissions of the file and its folder.",
    )


def is_disk_full(folder: Path) -> bool:
    """Has the disk no room for the files that SQLite makes beside the database? It calls that an I/O error."""
    try:
        status = os.statvfs(folder)
    except OSError:
        return False
    return status.f_bavail * status.f_frsize < SHARED_MEMORY_BYTES


def can_open_a_file() -> bool:
    """Has this process a file descriptor left? SQLite opens two files at once."""
    opened: list[int] = []
    try:
        opened += [os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC) for _ in range(2)]
    except OSError as error:
        return error.errno not in (errno.EMFILE, errno.ENFILE)
    finally:
        for descriptor in opened:
            os.close(descriptor)
    return True


def no_descriptors(path: Path) -> DatabaseUnusable:
    return DatabaseUnusable(
        f"'{path}' cannot be opened: this machine has no file descriptor left for schedbot.",
        MACHINE_FAILURES[errno.EMFILE][1],
    )


def locked(path: Path) -> DatabaseUnusable:
    return DatabaseUnusable(
        f"The database '{path}' is locked by another program.", "Close that program, then try again."
    )


def read_only(path: Path) -> DatabaseUnusable:
    return DatabaseUnusable(
        f"The database '{path}' is read-only for {user_name(os.geteuid())}: it belongs to {owner_name(path)}.", WRITE
    )


def full(path: Path) -> DiskFull:
    return DiskFull(f"The disk that holds '{path}' is full.", "Free some space, then try again. Nothing was written.")


def newer(path: Path, schema: int, known_schema: int) -> DatabaseOutgrown:
    return DatabaseOutgrown(
        f"'{path}' was written by a newer schedbot: its schema is {schema}, "
        f"schedbot {__version__} knows {known_schema}.",
        "Use the newer version, or restore a backup from before the upgrade.",
    )
