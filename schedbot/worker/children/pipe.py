"""How parent and children talk: JSON, one object a line, over a socket pair.

The parent never blocks on a child: what a slow or stopped child does not read waits here.
"""

import json
import socket
from collections.abc import Mapping
from typing import Any

Saying = Mapping[str, Any]
CHUNK = 1 << 18


class Wire:
    """The parent's end of one child's socket."""

    def __init__(self, end: socket.socket) -> None:
        end.setblocking(False)
        self.socket = end
        self._out = bytearray()
        self._in = bytearray()

    @property
    def blocked(self) -> bool:
        """Does something wait until the child reads?"""
        return bool(self._out)

    def say(self, saying: Saying) -> None:
        """Add one saying to what goes out with the next `flush`."""
        self._out += spoken(saying)

    def flush(self) -> None:
        """Write as much as the child takes. A child that is gone is found out by `heard`."""
        while self._out:
            try:
                sent = self.socket.send(self._out)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                self._out.clear()
                return
            del self._out[:sent]

    def heard(self) -> list[dict[str, Any]] | None:
        """What the child has said since; None when it is gone and all it said has been heard."""
        gone = False
        while True:
            try:
                chunk = self.socket.recv(CHUNK)
            except (BlockingIOError, InterruptedError):
                break
            except OSError:
                chunk = b""
            if not chunk:
                gone = True
                break
            self._in += chunk
        lines = self._take_lines()
        return None if gone and not lines else lines

    def _take_lines(self) -> list[dict[str, Any]]:
        *lines, rest = bytes(self._in).split(b"\n")
        self._in = bytearray(rest)
        return [json.loads(line) for line in lines]

    def close(self) -> None:
        self.socket.close()


def spoken(saying: Saying) -> bytes:
    """One saying as it goes over the wire."""
    return json.dumps(saying, separators=(",", ":")).encode() + b"\n"
