"""SIGTERM and SIGINT set a flag and wake the loop; nothing else happens in a handler, which may run anywhere."""

import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType


class Stop:
    """How often the pool was asked to stop, and a descriptor that becomes readable when it is."""

    def __init__(self) -> None:
        self.asked = 0
        self.awake, self._waker = socket.socketpair()
        self.awake.setblocking(False)
        self._waker.setblocking(False)

    def heard(self, number: int, frame: FrameType | None) -> None:
        """The handler."""
        self.asked += 1
        with suppress(OSError):
            self._waker.send(b"!")

    def drain(self) -> None:
        """Read the wake-ups that came."""
        with suppress(BlockingIOError):
            while self.awake.recv(4096):
                pass

    def close(self) -> None:
        self.awake.close()
        self._waker.close()


@contextmanager
def caught() -> Iterator[Stop]:
    """Catch SIGTERM and SIGINT inside; what was there before is put back."""
    stop = Stop()
    before = {number: signal.signal(number, stop.heard) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        stop.close()
