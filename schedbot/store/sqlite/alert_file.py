"""File beside the database for the alert about a full disk. Its blocks are allocated while the disk has room.

To overwrite blocks of a file takes no room. A file system that copies on write (btrfs, ZFS) needs some all the same:
there the write fails, and the caller sends nothing.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from schedbot.store.sqlite.companion_files import naming, open_lock_file

SIZE = 32_768


class AlertFile:
    """The open file. `is_alone`: no other process has it open."""

    def __init__(self, path: Path, database: Path) -> None:
        self.path, self._database = path, database
        self._descriptor = open_lock_file(path, database)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.is_alone = True
        except BlockingIOError:
            self.is_alone = False

    def read(self) -> str:
        """Return the text; '' in a new file."""
        return os.pread(self._descriptor, SIZE, 0).decode(errors="replace").strip()

    def write(self, text: str) -> None:
        """Put a text in the place of the old one, on the disk. Raises DatabaseUnusable."""
        with naming(self.path, self._database):
            content = text.encode()[:SIZE].ljust(SIZE)
            if os.pwrite(self._descriptor, content, 0) < SIZE:
                os.pwrite(self._descriptor, content, 0)  # fails with the reason why the rest did not fit
            os.fsync(self._descriptor)

    def close(self) -> None:
        """Close the file, and let other processes have it."""
        os.close(self._descriptor)


@contextmanager
def open_alert_file(database: Path) -> Iterator[AlertFile]:
    """Open the file of a database, which is made if it is missing. Raises DatabaseUnusable."""
    file = AlertFile(database.with_name(f"{database.name}-alert"), database)
    try:
        yield file
    finally:
        file.close()
