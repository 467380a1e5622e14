"""Log of a pool: a thread writes the lines, so that a reader of stderr who stopped never stops the pool.

At most MAX_LINES wait; the others are dropped, and their number is logged once the reader goes on.
"""

import os
import queue
import select
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from schedbot import log

MAX_LINES = 2_000
STDERR = 2
LAST_LINES_S = 1.0


class LogThread:
    """Lines that wait, and the thread that writes them. `lost`: lines dropped since the last that was written."""

    def __init__(self) -> None:
        self._lines: queue.Queue[str | None] = queue.Queue(MAX_LINES)
        self.lost = 0
        self._thread = threading.Thread(target=self._run, name="log", daemon=True)
        self._thread.start()

    def add(self, line: str) -> None:
        """Queue a line, or drop it if too many wait."""
        try:
            self._lines.put_nowait(line)
        except queue.Full:
            self.lost += 1

    def stop(self) -> None:
        """Write the last lines. If the reader has stopped, they and all later output on stderr are dropped."""
        try:
            self._lines.put(None, timeout=LAST_LINES_S)
        except queue.Full:
            self.lost += 1
        self._thread.join(LAST_LINES_S)
        if self._thread.is_alive():
            with open(os.devnull, "wb") as nothing:
                os.dup2(nothing.fileno(), STDERR)

    def _run(self) -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())  # they are for the main thread
        while (line := self._lines.get()) is not None:
            write_all(line)
            lost, self.lost = self.lost, 0
            if lost:
                write_all(log.format_line("log_lines_lost", "warning", count=lost))


def write_all(line: str) -> None:
    """Write a line on stderr, however long it takes; drop it if nobody can ever read it."""
    rest = f"{line}\n".encode(errors="backslashreplace")
    while rest:
        try:
            rest = rest[os.write(STDERR, rest) :]
        except BlockingIOError:
            select.select([], [STDERR], [])
        except OSError:
            return


@contextmanager
def log_in_background() -> Iterator[None]:
    """Write the log by a thread inside the block."""
    thread, previous = LogThread(), log.write_line
    log.write_line = thread.add
    try:
        yield
    finally:
        log.write_line = previous
        thread.stop()
