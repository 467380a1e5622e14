"""Pipe from the pool to a child: encoded lines over a socket pair.

The pool never blocks on a child: lines that a slow or stopped child does not read are buffered here.
"""

import socket

CHUNK = 1 << 18


class Pipe:
    """The pool's end of the socket to one child."""

    def __init__(self, end: socket.socket) -> None:
        end.setblocking(False)
        self.socket = end
        self._unsent = bytearray()
        self._received = bytearray()

    @property
    def is_blocked(self) -> bool:
        """Do lines wait until the child reads?"""
        return bool(self._unsent)

    def send(self, line: bytes) -> None:
        """Add one encoded message to the bytes that the next `flush` writes."""
        self._unsent += line

    def flush(self) -> None:
        """Write as much as the child accepts. `receive` notices a dead child."""
        while self._unsent:
            try:
                sent = self.socket.send(self._unsent)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                self._unsent.clear()
                return
            del self._unsent[:sent]

    def receive(self) -> list[bytes] | None:
        """Return the complete lines that have arrived. Return None once the child is gone and all lines are read."""
        is_closed = False
        while True:
            try:
                chunk = self.socket.recv(CHUNK)
            except (BlockingIOError, InterruptedError):
                break
            except OSError:
                chunk = b""
            if not chunk:
                is_closed = True
                break
            self._received += chunk
            if len(chunk) < CHUNK:
                break
        lines = self._take_lines()
        return None if is_closed and not lines else lines

    def _take_lines(self) -> list[bytes]:
        *lines, rest = bytes(self._received).split(b"\n")
        self._received = bytearray(rest)
        return lines

    def close(self) -> None:
        self.socket.close()
