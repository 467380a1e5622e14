"""The example of each help text, pasted into a shell as it is printed, does its work."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from schedbot import cli
from schedbot.commands import example_format
from tests.support.app import App

# They run until they are stopped, or for half a minute; tests of their own run them.
ENDLESS = ("sandbox", "demo")
# `add` makes what the other examples use, and so do these for their own kind.
EARLIER = {
    "workspace edit": ("workspace add acme --token-env SLACK_TOKEN_ACME",),
    "workspace remove": ("workspace add acme --token-env SLACK_TOKEN_ACME",),
    "resume": ("pause acme-weekly",),
    "workspace resume": ("workspace pause default",),
    "restore": ("backup backup.db",),
    "undo": ("pause acme-weekly",),
}
# Places and numbers that an example has of another machine, with those of the test.
HERE = {
    "metrics": ("/var/lib/node_exporter/", ""),
    "restore": ("/var/backups/schedbot-20261201T090000Z.db", "backup.db"),
    "undo": ("57", "2"),
}
TABLES = dict.fromkeys(("alerts", "alerts test"), '[alerts]\nchannel = "C0123456789"\n')
FILES = {"sync": ("schedules.csv", "name,cron,tz,channel,text\nacme-daily,0 9 * * *,UTC,C0123456789,Good morning\n")}
WITHOUT_SCHEDULE = ("add", "init")


def names() -> list[str]:
    """Return the names of all commands whose example ends by itself."""
    loaded: dict[str, Any] = {name: cli.load(name) for section in cli.COMMANDS.values() for name in section}
    groups = {f"{name} {inner}" for name in loaded for inner in getattr(loaded[name], "commands", {})}
    return sorted(({*loaded} | groups) - {*ENDLESS})


def shown_example(app: App, name: str, columns: int) -> str:
    """Return the example as the help prints it on a terminal of that width."""
    shown = app.run(*name.split(), "--help", COLUMNS=str(columns)).stdout
    lines = shown.partition("Example:\n")[2].split("\n\n")[0]
    assert lines, f"the help of '{name}' has no example"
    assert max(map(len, lines.splitlines())) <= columns
    return lines


@pytest.mark.slow
@pytest.mark.parametrize("name", names())
def test_pasted_example_does_its_work(app: App, name: str) -> None:
    if name not in WITHOUT_SCHEDULE:
        app.add_schedule("acme-weekly", cron="0 9 * * mon", tz="America/Los_Angeles", channel="C0123456789")
        app.tick()
    for words in EARLIER.get(name, ()):
        assert app.run(*words.split(), SLACK_TOKEN_ACME="xoxb-sandbox-acme").returncode == 0
    if name in FILES:
        file, content = FILES[name]
        (app.folder / file).write_text(content)
    with app.config.open("a") as config:
        config.write(TABLES.get(name, ""))
    path = f"{Path(sys.executable).parent}:{app.environment()['PATH']}"
    env = app.environment(PATH=path, SLACK_TOKEN_ACME="xoxb-sandbox-acme")
    example = shown_example(app, name, 80).replace(*HERE.get(name, ("", "")))
    done = subprocess.run(["bash", "-c", example], env=env, cwd=app.folder, capture_output=True, text=True, timeout=60)
    assert "Error:" not in done.stderr
    assert done.returncode == 0, done.stdout + done.stderr


def test_narrow_help_breaks_the_example_with_backslashes() -> None:
    example = "schedbot add a --cron '0 9 * * mon' --tz UTC | cat"
    assert example_format.shell_lines(example, 34) == [
        "schedbot add a \\",
        "    --cron '0 9 * * mon' \\",
        "    --tz UTC | cat",
    ]
