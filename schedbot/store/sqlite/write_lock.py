"""Locks between processes: lock files beside the database.

`WriteLock` lets writers pass one by one. It waits without polling, and not for ever: flock(2) knows no time-out, and a
process that was stopped while it wrote never lets go. So a thread waits, on a descriptor of its own, and gives the lock
back if it comes too late.

`process_lock` only spares work: the tables guarantee that nothing is done twice.
"""

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from schedbot.store.database import Database
from schedbot.store.sqlite.companion_files import naming, open_lock_file


class WriteLock:
    """The lock file beside one database. One thread holds it at a time."""

    def __init__(self, path: Path, database: Path) -> None:
        self._path, self._database = path, database
        self._own: int | None = None
        self._locked: int | None = None

    def acquire(self, timeout_ms: int) -> bool:
        """Wait for the lock, `timeout_ms` at most. Returns False when it did not come. Raises DatabaseUnusable.

        The file is opened, and made if it is missing, by the first writer: to read needs no lock.
        """
        if self._own is None:
            self._own = open_lock_file(self._path, self._database)
        try:
            fcntl.flock(self._own, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._locked = self._own
        except BlockingIOError:
            self._locked = LockWait(open_lock_file(self._path, self._database)).wait(timeout_ms)
        return self._locked is not None

    def release(self) -> None:
        """Let the next writer pass."""
        locked, self._locked = self._locked, None
        if locked is None:
            return
        if locked == self._own:
            fcntl.flock(locked, fcntl.LOCK_UN)
        else:
            unlock(locked)

    def close(self) -> None:
        """Close the lock file."""
        if self._own is not None:
            os.close(self._own)
            self._own = None


class LockWait:
    """One wait for the lock."""

    def __init__(self, descriptor: int) -> None:
        import threading  # a writer that need not wait does without it

        self._descriptor = descriptor
        self._acquired = threading.Event()
        self._deciding = threading.Lock()
        self._timed_out = False

    def wait(self, timeout_ms: int) -> int | None:
        """Return the descriptor that holds the lock (closing it releases the lock), or None after the time-out."""
        import threading

        threading.Thread(target=self._acquire, daemon=True).start()
        self._acquired.wait(timeout_ms / 1000)
        with self._deciding:
            self._timed_out = not self._acquired.is_set()
        return None if self._timed_out else self._descriptor

    def _acquire(self) -> None:
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        with self._deciding:
            if self._timed_out:
                unlock(self._descriptor)
            self._acquired.set()


def unlock(descriptor: int) -> None:
    """Release the lock and close its descriptor. A child that was forked meanwhile has the descriptor too."""
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    os.close(descriptor)


@contextmanager
def process_lock(db: Database, name: str) -> Iterator[bool]:
    """Hold the lock `name`; yields False where another process holds it. Raises DatabaseUnusable."""
    from filelock import FileLock, Timeout

    path = db.path.with_name(f"{db.path.name}-{name}.lock")
    os.close(open_lock_file(path, db.path))  # filelock knows neither the owner nor the mode
    lock = FileLock(path, timeout=0, mode=stat.S_IMODE(path.stat().st_mode))
    with naming(path, db.path), suppress(Timeout):  # an OSError too
        lock.acquire()
    if not lock.is_locked:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()
