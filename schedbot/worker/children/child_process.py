"""A child process as its parent sees it: spawned, not forked, so that it has nothing of the parent but its socket.

A spawned child is of the program as it lies on the disk by then. So its first word is its version, said before anything
else of it is loaded, and a parent hears no child of another version: two versions of one pool never mix.
"""

import multiprocessing
import socket
from collections.abc import Callable
from importlib import import_module
from itertools import count
from multiprocessing.process import BaseProcess
from typing import Any

from schedbot import __version__
from schedbot.errors import ProgramChanged
from schedbot.worker.children.pipe import Wire, spoken

NUMBERS = count(1)


class Kin:
    """One child: its process and the wire to it. What `life` is told besides its socket is plain values."""

    def __init__(self, life: Callable[..., None], *more: Any) -> None:
        ours, theirs = socket.socketpair()
        context = multiprocessing.get_context("spawn")
        first = (theirs, life.__module__, life.__name__, *more)
        self.process: BaseProcess = context.Process(target=begin, args=first, daemon=True)
        self.process.start()
        theirs.close()
        self.number = next(NUMBERS)
        self.wire = Wire(ours)
        self.version = ""
        self.ready = False

    def heard(self) -> list[dict[str, Any]] | None:
        """What the child has said since, its first word apart, and nothing of a child of another version.

        None when it is gone and all it said has been heard.
        """
        sayings = self.wire.heard()
        if sayings and not self.version:
            self.version = sayings.pop(0)["version"]
        return [] if sayings and self.version != __version__ else sayings

    def stranger(self) -> ProgramChanged | None:
        """Why it cannot be used, if it is of another version."""
        if self.version in ("", __version__):
            return None
        return ProgramChanged(
            f"schedbot {self.version} has been installed in the place of schedbot {__version__}, which this pool runs.",
            hint="It has ended what was under way: start 'schedbot work' again, if no service manager does.",
        )

    def kill(self) -> None:
        """End the child now."""
        self.process.kill()
        self.wire.close()


def begin(end: socket.socket, module: str, life: str, *more: Any) -> None:
    """A child's beginning. Its name, and what it is told, are for older parents too: they stay as they are."""
    end.sendall(spoken({"version": __version__}))
    getattr(import_module(module), life)(end, *more)
