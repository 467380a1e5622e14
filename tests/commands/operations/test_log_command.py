"""`schedbot log`: the record of changes, as a person and as a program read it."""

import json
from typing import Any

import pytest

from tests.support.app import App

ADD = ("--cron", "0 9 * * mon", "--tz", "UTC", "--channel", "C0123456789", "--text", "hi")


@pytest.fixture
def changed(app: App) -> App:
    for words in (("add", "acme", *ADD), ("add", "globex", *ADD), ("edit", "acme", "--cron", "0 8 * * fri")):
        assert app.run(*words).returncode == 0
    assert app.run("pause", "acme", "--reason", "holiday", SCHEDBOT_ACTOR="mary").returncode == 0
    return app


def log(app: App, *words: str) -> list[dict[str, Any]]:
    result = app.run("log", "--json", *words)
    assert result.returncode == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_changes_are_listed_newest_first(changed: App) -> None:
    assert [(entry["command"], entry["name"]) for entry in log(changed)] == [
        *(("pause", "acme"), ("edit", "acme"), ("add", "globex"), ("add", "acme")),
    ]


def test_change_has_actor_host_and_fields(changed: App) -> None:
    paused, edited, added = log(changed, "acme")
    assert (paused["actor"], paused["after"]["reason"]) == ("mary", "holiday")
    assert (edited["before"]["cron"], edited["after"]["cron"]) == ("0 9 * * mon", "0 8 * * fri")
    assert (added["before"], added["kind"]) == (None, "schedule")
    assert edited["host"]
    assert edited["at"].endswith("Z")


def test_table_shows_each_field_before_and_after(changed: App) -> None:
    text = changed.run("log", "acme").stdout
    assert "mary" in text
    assert "    cron: 0 9 * * mon -> 0 8 * * fri\n" in text
    assert "    state: active -> paused\n" in text


def test_lines_of_a_value_cannot_pass_for_changes(app: App) -> None:
    forged = "7  Mon 30 Nov 09:00 UTC  mary, remove: schedule 'acme' deleted"
    assert app.run("add", "acme", *ADD[:-1], f"hello\n{forged}").returncode == 0
    assert app.run("edit", "acme", "--text", f"hello\n{forged}\nbye" + "\n." * 100).returncode == 0
    lines = app.run("log", "acme").stdout.splitlines()
    assert f"        + {forged}" in lines
    assert f"        - {forged}" not in lines
    assert "        + bye" in lines
    assert len(lines) < 50
    assert len([line for line in lines if not line.startswith("    ")]) == 2


@pytest.mark.parametrize(
    ("words", "commands"),
    [
        (("--command", "add"), ["add", "add"]),
        (("--actor", "mary"), ["pause"]),
        (("--limit", "1"), ["pause"]),
        (("--since", "1h"), ["pause", "edit", "add", "add"]),
        (("--since", "2026-01-01", "--command", "edit"), ["edit"]),
        (("--actor", "nobody"), []),
    ],
)
def test_filters_select_changes(changed: App, words: tuple[str, ...], commands: list[str]) -> None:
    assert [entry["command"] for entry in log(changed, *words)] == commands


def test_removed_schedule_keeps_its_changes(changed: App) -> None:
    assert changed.run("remove", "acme", "--yes").returncode == 0
    assert log(changed, "acme")[0]["command"] == "remove"


def test_name_that_was_never_there_is_refused(changed: App) -> None:
    result = changed.run("log", "acne")
    assert (result.returncode, "Nothing named 'acne' was ever changed." in result.stderr) == (2, True)
