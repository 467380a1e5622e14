"""Writers pass one by one: a lock file that is waited for without polling, and not for ever.

flock(2) knows no time-out, and a process that was stopped while it wrote never lets go: so a thread waits, on a
descriptor of its own, and gives the lock back if it comes when nobody wants it any more.
"""

import fcntl
import os
import threading
from pathlib import Path


class Turnstile:
    """The lock file beside one database. One thread passes at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._own = opened(path)
        self._held: int | None = None

    def enter(self, within_ms: int) -> bool:
        """Wait for the turn, `within_ms` at most. False: it did not come."""
        try:
            fcntl.flock(self._own, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._held = self._own
        except BlockingIOError:
            self._held = Turn(opened(self._path)).wait(within_ms)
        return self._held is not None

    def leave(self) -> None:
        """Let the next one pass."""
        held, self._held = self._held, None
        if held == self._own:
            fcntl.flock(held, fcntl.LOCK_UN)
        elif held is not None:
            os.close(held)

    def close(self) -> None:
        os.close(self._own)


class Turn:
    """One wait for the lock."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._come = threading.Event()
        self._settling = threading.Lock()
        self._given_up = False

    def wait(self, within_ms: int) -> int | None:
        """The descriptor that holds the lock; to close it is to let go. None when it did not come."""
        threading.Thread(target=self._stand_in_line, daemon=True).start()
        self._come.wait(within_ms / 1000)
        with self._settling:
            self._given_up = not self._come.is_set()
        return None if self._given_up else self._descriptor

    def _stand_in_line(self) -> None:
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        with self._settling:
            if self._given_up:
                os.close(self._descriptor)
            self._come.set()


def opened(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
