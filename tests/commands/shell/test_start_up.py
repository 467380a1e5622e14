"""Start-up: commands that cron and monitors start each minute load little, and the help loads no parser."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

from schedbot import cli, root_help
from tests.support.command_line import new_command_line

SLOW_MODULES = (
    *("typer", "click", "dataclasses", "inspect", "asyncio", "subprocess", "socket", "hashlib"),
    *("schedbot.model", "rich"),
)


def list_imports(folder: Path, *words: str) -> set[str]:
    """Run a command, and return the modules that it imports."""
    env = {**os.environ, "SCHEDBOT_DATABASE": str(folder / "s.db"), "SLACK_BOT_TOKEN": "xoxb-1"}
    command = [sys.executable, "-X", "importtime", "-m", "schedbot", *words]
    done = subprocess.run(command, env=env, cwd=folder, capture_output=True, text=True, check=True)
    return set(re.findall(r"\| +([\w.]+)$", done.stderr, re.MULTILINE))


@pytest.mark.parametrize("words", [("tick",), ("tick", "--json"), ("health",), ("--help",)], ids=" ".join)
def test_frequent_commands_import_no_slow_module(tmp_path: Path, words: tuple[str, ...]) -> None:
    new_command_line(tmp_path)("tick")  # the first one makes this place the owner
    imports = list_imports(tmp_path, *words)
    assert "schedbot.command_line" in imports
    assert imports.isdisjoint(SLOW_MODULES)


def test_help_has_each_option_of_the_parser() -> None:
    parser: Any = typer.main.get_command(cli.app)
    text = root_help.build()
    assert [option for parameter in parser.params for option in parameter.opts if option not in text] == []


@pytest.mark.parametrize("columns", ["40", "80", "200"])
def test_help_fits_the_terminal(monkeypatch: Any, columns: str) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    lines = root_help.build().splitlines()
    assert max(map(len, lines)) <= max(50, min(int(columns) - 2, 78))


def test_quick_commands_end_as_others(tmp_path: Path) -> None:
    run = new_command_line(tmp_path)
    wrong = run("tick", SCHEDBOT_LEASE="soon")
    assert (wrong.returncode, wrong.stderr.splitlines()[0]) == (2, "Error: SCHEDBOT_LEASE: 'soon' is not a duration.")
    assert run("health", "--database", "").returncode == 2
    assert run("health", "--json", "--nagios").returncode == 2
    assert run("tick", "--jso").stderr.startswith("Error: No such option: --jso")
    assert run(f"--database={tmp_path}/none.db", "health", "--nagios").returncode == 3
