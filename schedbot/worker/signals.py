"""SIGTERM and SIGINT set a flag and wake the loop. Nothing else happens in a handler, which may run at any point."""

import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType


class StopSignal:
    """Number of stop requests, and a socket that becomes readable on each."""

    def __init__(self) -> None:
        self.requests = 0
        self.reader, self._writer = socket.socketpair()
        self.reader.setblocking(False)
        self._writer.setblocking(False)

    def handle(self, signal_number: int, frame: FrameType | None) -> None:
        """Count a stop request and wake the loop: the signal handler."""
        self.requests += 1
        with suppress(OSError):
            self._writer.send(b"!")

    def drain(self) -> None:
        """Read all wake-ups."""
        with suppress(BlockingIOError):
            while self.reader.recv(4096):
                pass

    def close(self) -> None:
        self.reader.close()
        self._writer.close()


@contextmanager
def catch_stop_signals() -> Iterator[StopSignal]:
    """Catch SIGTERM and SIGINT inside the block; the earlier handlers are restored after it."""
    stop = StopSignal()
    previous = {number: signal.signal(number, stop.handle) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
        stop.close()
