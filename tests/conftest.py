"""Fixtures that tests of every room use."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.app import App
from tests.support.sandboxes import fork_sandbox
from tests.support.schedules import Schedules, open_schedules


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    """A product with a sandbox of its own, in which every channel exists."""
    with fork_sandbox() as slack:
        product = App(tmp_path, slack)
        yield product
        product.close()


@pytest.fixture
def schedules(tmp_path: Path) -> Iterator[Schedules]:
    """A product's schedules at an instant that the test sets; nothing runs."""
    with open_schedules(tmp_path) as made:
        yield made
