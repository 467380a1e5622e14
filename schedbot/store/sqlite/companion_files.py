"""Files beside the database: lock files and wake-up FIFOs. They are opened only as what they must be.

Whoever may write the folder could put a link or a folder in their place, so that a write goes elsewhere. A file that is
made gets the mode of the database, and its owner where root makes it: so the user of the database can open it.
"""

import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from schedbot.errors import DatabaseUnusable
from schedbot.file_access import owner_name, user_name
from schedbot.store.sqlite.errors import WRITE, full, no_descriptors, read_only

FLAGS = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
SUFFIXES = ("", "-wal", "-shm", "-journal", "-lock", "-alert")  # of a database, and of the files beside it


def open_lock_file(path: Path, database: Path) -> int:
    """Open a lock file of the database, which is made if it is missing. Raises DatabaseUnusable."""
    with naming(path, database):
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | FLAGS, 0o600)
        except FileExistsError:
            return checked(os.open(path, os.O_RDWR | FLAGS), path, stat.S_ISREG)
        share(descriptor, database)
        return descriptor


def make_fifo(path: Path, database: Path) -> int:
    """Make a FIFO in the place of an older one, and open it to read. Raises DatabaseUnusable."""
    with naming(path, database):
        path.unlink(missing_ok=True)
        os.mkfifo(path, 0o600)
        # Read and write: a FIFO without a writer would always be readable, at its end.
        descriptor = checked(os.open(path, os.O_RDWR | FLAGS), path, stat.S_ISFIFO)
        share(descriptor, database)
        return descriptor


def open_fifo_writer(path: Path) -> int:
    """Open a FIFO to write. Raises OSError: ENXIO where nobody reads it; DatabaseUnusable for another kind of file."""
    return checked(os.open(path, os.O_WRONLY | FLAGS), path, stat.S_ISFIFO)


def remove_database(path: Path) -> None:
    """Remove a database with the files beside it."""
    for suffix in SUFFIXES:
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def checked(descriptor: int, path: Path, is_right_kind: Callable[[int], bool]) -> int:
    """Return the descriptor. Closes it and raises DatabaseUnusable if the file is of another kind."""
    if is_right_kind(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    raise in_the_way(path)


def share(descriptor: int, database: Path) -> None:
    """Give a new file the mode of the database, and its owner where this is root."""
    status = database.stat()
    if os.geteuid() == 0:
        os.fchown(descriptor, status.st_uid, status.st_gid)
    os.fchmod(descriptor, stat.S_IMODE(status.st_mode) & 0o666)


@contextmanager
def naming(path: Path, database: Path) -> Iterator[None]:
    """Raise DatabaseUnusable with the name of the file where the code inside raises OSError."""
    try:
        yield
    except OSError as error:
        raise unusable(path, database, error) from None


def unusable(path: Path, database: Path, error: OSError) -> DatabaseUnusable:
    """Return the error for a person: the file, its owner and the remedy."""
    if path.is_symlink() or path.is_dir():
        return in_the_way(path)
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return full(path)
    if error.errno == errno.EROFS:
        return read_only(database)
    if error.errno in (errno.EMFILE, errno.ENFILE):
        return no_descriptors(path)
    reason = (error.strerror or "unknown error").lower()
    if path.exists():
        import shlex

        owner = owner_name(database)
        return DatabaseUnusable(
            f"'{path}' belongs to {owner_name(path)}, and {user_name(os.geteuid())} cannot open it: {reason}.",
            f"Give it to the owner of the database: sudo chown {shlex.quote(owner)} {shlex.quote(str(path))}",
        )
    return DatabaseUnusable(f"'{path}' cannot be made: {reason}. The database is read-only without it.", WRITE)


def in_the_way(path: Path) -> DatabaseUnusable:
    kind = "a link" if path.is_symlink() else "a folder" if path.is_dir() else "another kind of file"
    return DatabaseUnusable(
        f"'{path}' is {kind}, in the place of a file that schedbot makes.",
        f"Find out who put it there, then delete it. Only the user of schedbot should write '{path.parent}'.",
    )
