"""Start and end of a child process. Children are spawned, not forked: a child and the pool share only a socket.

A spawned child imports whatever version is installed at that moment. So it reports its version before it loads anything
else, and the pool reads no message of a child of another version.
"""

import multiprocessing
import os
import socket
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from itertools import count
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import ClassVar, Concatenate, ParamSpec

from schedbot import __version__, log
from schedbot.clock import steady_ms
from schedbot.errors import ProgramChanged
from schedbot.worker.children.pipe import Pipe
from schedbot.worker.protocol import (
    ChildFailed,
    ChildRequest,
    ChildResponse,
    decode_responses,
    decode_version,
    encode,
    encode_version,
)
from schedbot.worker.signals import block_signals, leave_signals_to_pool

FIRST_PAUSE_MS = 1_000
LONGEST_PAUSE_MS = 60_000
LONGEST_REASON = 300
NUMBERS = count(1)
Arguments = ParamSpec("Arguments")


class ChildProcess:
    """A child and the pipe to it. `main` gets the child's end of the socket and plain values.

    `variables`: the variables of the environment that it gets; all with None.
    """

    variables: ClassVar[Collection[str] | None] = None

    def __init__(
        self,
        main: Callable[Concatenate[socket.socket, Arguments], None],
        *args: Arguments.args,
        **kwargs: Arguments.kwargs,
    ) -> None:
        pool_end, child_end = socket.socketpair()
        context = multiprocessing.get_context("spawn")
        child_args = (child_end, main.__module__, main.__name__, *args)
        self.process: BaseProcess = context.Process(target=child_main, args=child_args, kwargs=kwargs, daemon=True)
        with block_signals(), only_variables(self.variables):
            self.process.start()
        child_end.close()
        self.number = next(NUMBERS)
        self.pipe = Pipe(pool_end)
        self.version = ""
        self.is_ready = False
        self.started_at = steady_ms()
        self.failure = ""  # the error that ended it

    def send(self, request: ChildRequest) -> None:
        """Queue a request for the child; `pipe.flush` writes it."""
        self.pipe.send(encode(request))

    def receive(self) -> list[ChildResponse] | None:
        """Return the messages that have arrived. Return None once the child is gone and all are read.

        Raises ProgramChanged, once, for a child of another version; its other messages are ignored.
        """
        lines = self.pipe.receive()
        if lines and not self.version:
            self.version = decode_version(lines.pop(0))
            if self.version != __version__:
                raise version_mismatch(self.version)
        if lines is None or self.version != __version__:
            return None if lines is None else []
        responses = [response for line in lines for response in decode_responses(line)]
        if not any(isinstance(response, ChildFailed) for response in responses):
            return responses
        self.failure = next(
            (response.reason for response in responses if isinstance(response, ChildFailed)), self.failure
        )
        return [response for response in responses if not isinstance(response, ChildFailed)]

    def read_cpu_ms(self) -> int | None:
        """Return the processor time that the child has had; None where the system does not tell (only Linux does)."""
        try:
            status = Path(f"/proc/{self.process.pid}/stat").read_text()
        except OSError:
            return None
        user_ticks, system_ticks = status.rpartition(")")[2].split()[11:13]  # proc_pid_stat(5); the name has blanks
        return (int(user_ticks) + int(system_ticks)) * 1000 // os.sysconf("SC_CLK_TCK")

    def kill(self) -> None:
        """End the child now."""
        self.process.kill()
        self.pipe.close()


@contextmanager
def only_variables(names: Collection[str] | None) -> Iterator[None]:
    """Keep only these variables of the environment inside the block; all with None.

    A child that starts there never had the others: cleared later, they would stay in its /proc/PID/environ.
    """
    removed = {} if names is None else {name: text for name, text in os.environ.items() if name not in names}
    for name in removed:
        del os.environ[name]
    try:
        yield
    finally:
        os.environ.update(removed)


def version_mismatch(version: str) -> ProgramChanged:
    """Return the error of a pool whose child runs another version."""
    return ProgramChanged(
        f"schedbot {version} has been installed in the place of schedbot {__version__}, which this pool runs.",
        hint="All posts in flight have ended: start 'schedbot work' again, unless a service manager does.",
    )


def child_main(end: socket.socket, module: str, function: str, *args: object, **kwargs: object) -> None:
    """Report the version, then run the child. Pools of older versions call this: keep the name and the parameters."""
    leave_signals_to_pool()
    end.sendall(encode_version(__version__))
    try:
        getattr(import_module(module), function)(end, *args, **kwargs)
    except Exception as error:  # the pool logs it: a traceback of each child would fill the log
        reason = f"{type(error).__name__}: {error}"[:LONGEST_REASON]
        with suppress(OSError):
            end.sendall(encode(ChildFailed(log.redact_tokens(reason))))
        os._exit(1)


@dataclass(slots=True)
class RestartBackoff:
    """Pauses between starts of children that die before they are ready. Instants are steady milliseconds. Pure."""

    not_before: int = 0
    pause_ms: int = 0
    failures: int = 0  # in a row

    def allows_start(self, now: int) -> bool:
        """May a child be started?"""
        return now >= self.not_before

    def record_failure(self, now: int) -> None:
        """Lengthen the pause: a child could not be started, or died before it was ready."""
        self.pause_ms = min(LONGEST_PAUSE_MS, max(FIRST_PAUSE_MS, self.pause_ms * 2))
        self.not_before = now + self.pause_ms
        self.failures += 1

    def record_success(self) -> None:
        """End the pause: a child is ready."""
        self.not_before = self.pause_ms = self.failures = 0
