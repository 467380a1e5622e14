"""A sandbox process for each test, forked from a server that has imported the program."""

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
from tests.support.forks.server import FORKS

START_TIMEOUT_S = 30


@dataclass(frozen=True)
class ForkedSandbox:
    """A running sandbox in which every channel exists."""

    control: Sandbox
    child: BaseProcess

    @property
    def api_url(self) -> str:
        """The base_url for slack_sdk."""
        return self.control.api_url

    def stop(self) -> None:
        """Kill the sandbox. A second call does nothing."""
        self.child.kill()
        self.child.join()


def serve(port_pipe: Connection, file: str | None) -> None:
    """Run a sandbox until the tests end. Sends its port through `port_pipe`."""
    asyncio.run(serve_until_exit(port_pipe, file))


async def serve_until_exit(port_pipe: Connection, file: str | None) -> None:
    from schedbot.sandbox import server
    from schedbot.sandbox.state import SandboxOptions

    tests = multiprocessing.parent_process()
    assert tests
    asyncio.get_running_loop().add_reader(tests.sentinel, os._exit, 0)
    await server.serve(server.ServerConfig(file=file, options=SandboxOptions(any_channel=True)), port_pipe.send)


@contextmanager
def fork_sandbox(file: Path | None = None) -> Iterator[ForkedSandbox]:
    """Start a sandbox in which every channel exists. With `file`, it stores its messages there."""
    receiver, sender = FORKS.Pipe(duplex=False)
    child = FORKS.Process(target=serve, args=(sender, None if file is None else str(file)), daemon=True)
    child.start()
    sender.close()
    assert receiver.poll(START_TIMEOUT_S), f"the sandbox did not start within {START_TIMEOUT_S} s"
    sandbox = ForkedSandbox(Sandbox(f"http://127.0.0.1:{receiver.recv()}"), child)
    try:
        yield sandbox
    finally:
        sandbox.stop()
