"""A handle of the Python API on a new database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import schedbot
from schedbot import settings
from schedbot.admin.operations import init
from tests.support.app import now_ms


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Path of a new database beside a configuration file."""
    for name in ("SCHEDBOT_DATABASE", "SCHEDBOT_CONFIG", "SLACK_BOT_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    path = tmp_path / "schedbot.db"
    init.initialize(tmp_path, settings.Flags(config=str(tmp_path / "schedbot.toml"), database=str(path)), now_ms())
    return path


@pytest.fixture
def bot(database: Path) -> Iterator[schedbot.Schedbot]:
    """An open handle."""
    with schedbot.open(database, actor="settings page", config=database.with_name("schedbot.toml")) as bot:
        yield bot
