"""Sandboxes over real HTTP: each started once for a file of tests, emptied before each test."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from schedbot.sandbox import start
from tests.support.sandbox_client import SandboxClient


def sandbox_clients(**options: Any) -> Iterator[Callable[[], SandboxClient]]:
    """One sandbox, handed out empty each time."""
    with start(**options) as running:

        def fresh() -> SandboxClient:
            running.control.reset()
            return SandboxClient(running)

        yield fresh


@pytest.fixture(scope="module")
def strict_server() -> Iterator[Callable[[], SandboxClient]]:
    yield from sandbox_clients()


@pytest.fixture(scope="module")
def open_server() -> Iterator[Callable[[], SandboxClient]]:
    yield from sandbox_clients(any_channel=True, pace=False)


@pytest.fixture
def slack_server(strict_server: Callable[[], SandboxClient]) -> SandboxClient:
    """A sandbox as it is by default."""
    return strict_server()


@pytest.fixture
def any_server(open_server: Callable[[], SandboxClient]) -> SandboxClient:
    """A sandbox in which any channel is there and no post is too soon."""
    return open_server()
