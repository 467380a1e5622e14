"""Fixtures that tests of every room use."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.app import House
from tests.support.sandboxes import forked
from tests.support.schedules import Book, opened


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A product with a sandbox of its own, in which every channel exists."""
    with forked() as slack:
        product = House(tmp_path, slack)
        yield product
        product.close()


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    """A product's schedules at an instant that the test sets; nothing runs."""
    with opened(tmp_path) as made:
        yield made
