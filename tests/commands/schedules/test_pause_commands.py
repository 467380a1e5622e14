"""`pause --all` and `resume --all` on the command line; the question before many schedules are changed or posted."""

import json
import os
import pty
import subprocess
import sys

import pytest

from tests.support.app import App

pytestmark = pytest.mark.slow
NAMES = [f"report-{number:02}" for number in range(11)]


@pytest.fixture
def many(app: App) -> App:
    """An installation with eleven schedules."""
    for name in NAMES:
        app.add_schedule(name, cron="0 9 * * *")
    return app


def states(app: App) -> set[str]:
    listed = app.run("list", "--json").stdout.splitlines()
    return {json.loads(line)["state"] for line in listed}


@pytest.mark.parametrize(
    ("command", "done"), [("pause", "paused"), ("resume", "resumed"), ("run-now", "posted"), ("remove", "removed")]
)
def test_glob_for_more_than_ten_needs_a_yes(many: App, command: str, done: str) -> None:
    if command == "resume":
        many.run("pause", "*", "--yes")
    before = states(many)
    refused = many.run(command, "report-*")
    assert refused.returncode == 2
    assert "Error: 11 schedules (report-00, report-01, " in refused.stderr
    assert f"...) would be {done}; nothing was changed." in refused.stderr
    assert (states(many), many.states()) == (before, {})
    assert many.run(command, "report-*", "--yes").returncode == 0


def test_more_than_ten_names_need_a_yes_too(many: App) -> None:
    assert many.run("pause", *NAMES).returncode == 2
    assert many.run("pause", *NAMES[:10]).returncode == 0


def test_ten_schedules_need_no_yes(many: App) -> None:
    many.run("remove", NAMES[0])
    assert many.run("pause", "*").returncode == 0
    assert many.run("resume", "*").returncode == 0
    assert many.run("run-now", "*").returncode == 0
    assert many.states() == {"queued": 10}


@pytest.mark.parametrize(("answer", "state"), [("y", "paused"), ("n", "active")])
def test_terminal_is_asked_before_many_are_paused(many: App, answer: str, state: str) -> None:
    person, terminal = pty.openpty()
    os.write(person, f"{answer}\n".encode())
    command = [sys.executable, "-m", "schedbot", "pause", "*"]
    done = subprocess.run(command, env=many.environment(), stdin=terminal, capture_output=True, text=True, check=False)
    os.close(person)
    os.close(terminal)
    assert "Pause 11 schedules (report-00, " in done.stderr
    assert (done.returncode, states(many)) == (0, {state})


def test_pause_of_all_is_ended_by_no_glob(app: App) -> None:
    for name in ("stopped", "daily"):
        app.add_schedule(name, cron="0 9 * * *")
    app.run("pause", "stopped", "--reason", "the customer asked to stop")
    paused = app.run("pause", "--all", "--reason", "restore", "--until", "2d", SCHEDBOT_ACTOR="ann")
    assert paused.returncode == 0, paused.stderr
    assert paused.stdout.startswith("All posts are paused since ")
    assert "(ann): restore. Each schedule keeps its own state." in paused.stdout
    resumed = app.run("resume", "*")
    assert resumed.returncode == 0
    assert "End the pause with 'schedbot resume --all'." in resumed.stderr
    for command in ("list", "show stopped", "next"):
        assert "All posts are paused since " in app.run(*command.split()).stderr
    assert "All posts are paused" in app.run("simulate", "--to", "2d").stderr
    assert "WARNING  posts: All posts are paused until " in app.run("doctor").stdout
    refused = app.run("run-now", "daily")
    assert (refused.returncode, refused.stdout) == (2, "")
    ended = app.run("resume", "--all")
    assert ended.stdout == "Posts go on; each schedule keeps its own state.\n"
    assert app.run("resume", "--all").stdout.startswith("Nothing to resume")
    assert app.run("run-now", "daily").returncode == 0


def test_pause_of_all_in_json(app: App) -> None:
    paused = json.loads(app.run("pause", "--all", "--json").stdout)
    assert paused == {"state": "paused", "reason": "paused by hand", "paused_until": None}
    assert json.loads(app.run("resume", "--all", "--json").stdout)["state"] == "active"


@pytest.mark.parametrize("words", [["pause"], ["resume"], ["pause", "--all", "daily"], ["resume", "--all", "daily"]])
def test_pause_needs_names_or_all(app: App, words: list[str]) -> None:
    refused = app.run(*words)
    assert refused.returncode == 2
    assert "--all" in refused.stderr


def test_pool_posts_nothing_while_all_are_paused(app: App) -> None:
    app.add_due_jobs(3)
    app.run("pause", "--all")
    done = app.work()
    assert (done.returncode, app.posts(), app.states()) == (0, [], {"cancelled": 3})
