"""A sandbox for each test, a process of its own, forked off one that has loaded the program already.

To start one anew takes 0.4 s of a core, nearly all of it imports; a fork is there in 10 ms and knows nothing of others.
"""

import asyncio
import multiprocessing
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

from schedbot.sandbox import Sandbox

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["schedbot.sandbox.server", __name__])
WITHIN_S = 30


@dataclass(frozen=True)
class ForkedSandbox:
    """A sandbox in which every channel exists, until `stop`."""

    control: Sandbox
    child: BaseProcess

    @property
    def api_url(self) -> str:
        """What slack_sdk takes as its base_url."""
        return self.control.api_url

    def stop(self) -> None:
        """End it; also twice."""
        self.child.kill()
        self.child.join()


def serve(told: Connection, file: str | None) -> None:
    """Be a sandbox for as long as the tests run."""
    asyncio.run(serving(told, file))


async def serving(told: Connection, file: str | None) -> None:
    from schedbot.sandbox import server
    from schedbot.sandbox.state import Rules

    tests = multiprocessing.parent_process()
    assert tests
    asyncio.get_running_loop().add_reader(tests.sentinel, os._exit, 0)
    await server.serve(server.Setup(file=file, rules=Rules(any_channel=True)), told.send)


@contextmanager
def fork_sandbox(file: Path | None = None) -> Iterator[ForkedSandbox]:
    """A sandbox in which every channel exists; with `file`, it keeps its messages there."""
    here, there = FORKS.Pipe(duplex=False)
    child = FORKS.Process(target=serve, args=(there, None if file is None else str(file)), daemon=True)
    child.start()
    there.close()
    assert here.poll(WITHIN_S), "no sandbox came"
    sandbox = ForkedSandbox(Sandbox(f"http://127.0.0.1:{here.recv()}"), child)
    try:
        yield sandbox
    finally:
        sandbox.stop()
