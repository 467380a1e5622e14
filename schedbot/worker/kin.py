"""A child process as its parent sees it: spawned, not forked, so that it has nothing of the parent but its socket."""

import multiprocessing
import socket
from collections.abc import Callable
from itertools import count
from multiprocessing.process import BaseProcess
from typing import Any

from schedbot.worker.wire import Wire

NUMBERS = count(1)


class Kin:
    """One child: its process and the wire to it."""

    def __init__(self, life: Callable[..., None], *more: Any) -> None:
        ours, theirs = socket.socketpair()
        context = multiprocessing.get_context("spawn")
        self.process: BaseProcess = context.Process(target=life, args=(theirs, *more), daemon=True)
        self.process.start()
        theirs.close()
        self.number = next(NUMBERS)
        self.wire = Wire(ours)
        self.ready = False

    def kill(self) -> None:
        """End the child now."""
        self.process.kill()
        self.wire.close()
