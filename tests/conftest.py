"""Fixtures used in all test folders."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.app import App
from tests.support.command_line import Run, new_command_line
from tests.support.sandboxes import fork_sandbox
from tests.support.schedules import Schedules, open_schedules

# A shell without job control ignores SIGINT for a background program, and nohup ignores SIGHUP; children inherit it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


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
