"""The settings that `schedbot init` writes as comments work when the comment sign is deleted."""

import re
from pathlib import Path

from schedbot import settings
from schedbot.reports import definitions
from schedbot.settings import Flags
from tests.support.command_line import Run

SETTING = re.compile(r"^# (?=\[|[a-z_]+ = )", re.MULTILINE)


def test_commented_settings_are_valid(run: Run, tmp_path: Path) -> None:
    run("init")
    config = tmp_path / "schedbot.toml"
    lines = SETTING.sub("", config.read_text()).splitlines()
    config.write_text("\n".join(line for line in lines if not line.startswith("token_command")))
    loaded = settings.load(Flags(str(config)))
    tables = definitions.load(loaded)
    assert (sorted(tables.reports), tables.problems, tables.python_path) == (["daily", "weekly"], {}, (str(tmp_path),))
    assert (loaded.renderers, loaded.lease_ms) == (2, 60_000)
