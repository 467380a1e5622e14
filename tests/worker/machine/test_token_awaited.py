"""A token source that fails for a moment: its jobs wait, and only after minutes a person must come."""

from contextlib import closing
from pathlib import Path

import apsw
import pytest

from tests.support.app import App, now_ms, until
from tests.support.sql import read_rows, read_value

pytestmark = pytest.mark.slow


def add_jobs(app: App, *token: str) -> None:
    """Add a workspace with two due jobs."""
    assert app.run("workspace", "add", "initech", *token).returncode == 0
    app.add_due_schedules({f"initech-{number}": {"workspace": "initech"} for number in range(2)})


def add_token_file(app: App, token: str = "xoxb-sandbox-globex") -> Path:
    """Add a workspace with two due jobs and its token in a file."""
    file = app.folder / "initech.token"
    file.write_text(token)
    file.chmod(0o600)
    add_jobs(app, "--token-file", str(file))
    return file


def write_script(app: App, body: str) -> str:
    """Write a token command."""
    script = app.folder / "print-token"
    script.write_text(f"#!/bin/sh\n{body}\n")
    script.chmod(0o700)
    return str(script)


UNTIL = 'if [ ! -e "{0}" ]; then {1}; exit; fi; echo xoxb-sandbox-globex'
FAILURES = {"fails": "exit 3", "prints nothing": "true", "takes too long": "exec sleep 11"}


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES.keys())
def test_token_command_that_fails_is_tried_again(app: App, failure: str) -> None:
    add_jobs(app, "--token-command", write_script(app, "echo xoxb-sandbox-globex"))
    write_script(app, UNTIL.format(app.folder / "mended", failure))
    pool = app.start("work", "--processes", "1")
    until(lambda: read_rows(app.db, "SELECT code FROM passing_failures") == [("token_unavailable",)])
    health = app.run("health")
    assert (health.returncode, "Workspace initech has no token: The token command" in health.stdout) == (1, True)
    (app.folder / "mended").touch()
    until(lambda: app.states() == {"succeeded": 2}, within=40)
    assert read_value(app.db, "SELECT max(spent) FROM jobs") == 1
    pool.terminate()
    _, errors = pool.communicate(timeout=30)
    assert (errors.count("token_awaited"), "workspace_paused" in errors) == (1, False)
    assert read_rows(app.db, "SELECT code FROM passing_failures") == []


@pytest.mark.parametrize("problem", ["missing", "empty", "unreadable"])
def test_token_file_that_fails_for_a_moment_is_read_again(app: App, problem: str) -> None:
    file = add_token_file(app)
    if problem == "missing":
        file.unlink()
    if problem == "empty":
        file.write_text("")
    if problem == "unreadable":
        file.chmod(0o644)
    app.start("work", "--processes", "1")
    until(lambda: read_rows(app.db, "SELECT code FROM passing_failures") == [("token_unavailable",)])
    file.write_text("xoxb-sandbox-globex")
    file.chmod(0o600)
    until(lambda: app.states() == {"succeeded": 2})


def test_token_that_is_missing_for_minutes_pauses(app: App) -> None:
    add_token_file(app).unlink()
    with closing(apsw.Connection(str(app.path))) as other:
        row = "SELECT 'token_unavailable', id, ?, ?, '' FROM workspaces WHERE name = 'initech'"
        sql = f"INSERT INTO passing_failures {row}"
        other.execute(sql, (now_ms() - 300_000, now_ms() - 30_000))
    done = app.work()
    assert (done.returncode, app.states()) == (3, {"queued": 2})
    assert read_value(app.db, "SELECT paused_reason FROM workspaces WHERE name = 'initech'") == "token_unavailable"
    assert read_rows(app.db, "SELECT code FROM passing_failures") == []


def test_refused_token_pauses_at_once(app: App) -> None:
    add_token_file(app, "xoxb-revoked")
    assert app.work().returncode == 3
    assert read_value(app.db, "SELECT paused_reason FROM workspaces WHERE name = 'initech'") == "invalid_auth"
