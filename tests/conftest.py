"""Fixtures used in all test folders."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.app import App
from tests.support.command_line import Run, new_command_line
from tests.support.sandboxes import fork_sandbox
from tests.support.schedules import Schedules, open_schedules


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    """An installation with its own sandbox, in which every channel exists."""
    with fork_sandbox() as slack:
        app = App(tmp_path, slack)
        yield app
        app.close()


@pytest.fixture
def schedules(tmp_path: Path) -> Iterator[Schedules]:
    """Schedules at an instant set by the test. No pool runs."""
    with open_schedules(tmp_path) as schedules:
        yield schedules


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run commands on a new database, without a Slack."""
    return new_command_line(tmp_path)
