"""Fixtures of sandboxes: each starts once for a test file and is reset before each test."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from schedbot.sandbox import start
from tests.support.sandbox.client import SandboxClient


def sandbox_clients(**options: Any) -> Iterator[Callable[[], SandboxClient]]:
    """Start a sandbox; each call of the yielded function resets it."""
    with start(**options) as running:

        def reset_client() -> SandboxClient:
            running.control.reset()
            return SandboxClient(running)

        yield reset_client


@pytest.fixture(scope="module")
def strict_server() -> Iterator[Callable[[], SandboxClient]]:
    yield from sandbox_clients()


@pytest.fixture(scope="module")
def open_server() -> Iterator[Callable[[], SandboxClient]]:
    yield from sandbox_clients(any_channel=True, pace=False)


@pytest.fixture
def slack_server(strict_server: Callable[[], SandboxClient]) -> SandboxClient:
    """A sandbox with default options."""
    return strict_server()


@pytest.fixture
def any_server(open_server: Callable[[], SandboxClient]) -> SandboxClient:
    """A sandbox with any channel and without the rate limit of posts."""
    return open_server()
