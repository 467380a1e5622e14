"""Hostile values for all options and arguments of all commands: an exit code and a sentence, never a traceback."""

import io
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schedbot import command_line
from tests.support.fuzz.hostile import ENDLESS, EXAMPLES, call_strategy, list_commands

COMMANDS = [entry for entry in list_commands() if entry[0][0] not in ENDLESS]
CODES = (0, 1, 2, 3)


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation with one schedule, whose Slack cannot be reached."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith(("SCHEDBOT", "SLACK"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("SCHEDBOT_DATABASE", str(tmp_path / "s.db"))
    monkeypatch.setenv("SCHEDBOT_SLACK_API_URL", "http://127.0.0.1:1/api/")
    assert call("init") in CODES
    zone = ("--tz", "UTC", "--channel", "C0123456789", "--text", "hi")
    assert call("add", "acme", "--cron", "0 9 * * *", *zone) == 0


def call(*words: str) -> int:
    """Run a command in this process, and return its exit code."""
    sys.argv = ["schedbot", *words]
    sys.stdin = io.TextIOWrapper(io.BytesIO(b"name,text\nx,y\n"))
    try:
        command_line.main()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


@pytest.mark.slow
@pytest.mark.usefixtures("installation")
@pytest.mark.parametrize(("words", "command"), COMMANDS, ids=[" ".join(words) for words, _ in COMMANDS])
def test_hostile_values_end_in_an_exit_code(words: tuple[str, ...], command: Any, capfd: Any) -> None:
    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(st.data())
    def check(data: st.DataObject) -> None:
        assert call(*words, *data.draw(call_strategy(command))) in CODES
        assert "Traceback" not in capfd.readouterr().err

    check()


NUMBER_OPTIONS = [
    (words, parameter)
    for words, command in list_commands()
    for parameter in command.params
    if "int" in type(parameter.type).__name__.lower() and parameter.param_type_name == "option"
]


@pytest.mark.usefixtures("installation")
@pytest.mark.parametrize(("words", "option"), NUMBER_OPTIONS, ids=lambda value: str(value)[:60])
def test_number_beyond_64_bits_is_refused(words: tuple[str, ...], option: Any, capfd: Any) -> None:
    for number in ("9223372036854775808", "-9223372036854775809", "9" * 5_000):
        assert call(*words, option.opts[0], number) == 2
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.slow
@pytest.mark.usefixtures("installation")
@pytest.mark.parametrize(
    "variable",
    ["DATABASE", "CONFIG", "SLACK_API_URL", "SLACK_TIMEOUT", "PROCESSES", "IN_FLIGHT", "LEASE", "ACTOR"],
)
def test_hostile_variables_end_in_an_exit_code(variable: str, monkeypatch: pytest.MonkeyPatch, capfd: Any) -> None:
    for value in EXAMPLES:
        monkeypatch.setenv(f"SCHEDBOT_{variable}", value)
        for words in (("list",), ("doctor", "--online"), ("workspace", "check", "default")):
            assert call(*words) in CODES, value
            assert "Traceback" not in capfd.readouterr().err
