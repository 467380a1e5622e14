"""Sandboxes over real HTTP: each started once for a file of tests, emptied before each test."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from schedbot.sandbox import start
from tests.support.sandbox_client import Caller


def callers(**options: Any) -> Iterator[Callable[[], Caller]]:
    """One sandbox, handed out empty each time."""
    with start(**options) as running:

        def fresh() -> Caller:
            running.control.reset()
            return Caller(running)

        yield fresh


@pytest.fixture(scope="module")
def strict_server() -> Iterator[Callable[[], Caller]]:
    yield from callers()


@pytest.fixture(scope="module")
def open_server() -> Iterator[Callable[[], Caller]]:
    yield from callers(any_channel=True, pace=False)


@pytest.fixture
def slack_server(strict_server: Callable[[], Caller]) -> Caller:
    """A sandbox as it is by default."""
    return strict_server()


@pytest.fixture
def any_server(open_server: Callable[[], Caller]) -> Caller:
    """A sandbox in which any channel is there and no post is too soon."""
    return open_server()
