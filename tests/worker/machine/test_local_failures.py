"""A failure of this machine is no outage of Slack: its jobs wait, use up no attempt, and `health` names the remedy."""

import errno
import json
import os
import resource
import socket

import pytest

from bench.crash import child_pids
from schedbot.errors import MachineFailed
from schedbot.slack import machine_errors
from schedbot.slack.error_codes import explain
from schedbot.slack.history.lookup import RETRYABLE
from tests.support.app import App, now_ms, until
from tests.support.failing_pools import ADD, run_limited, start_limited
from tests.support.sql import read_rows, read_value

# Of all folders for temporary files only that of the app, below /tmp, may be written to.
READ_ONLY = """
unset TMPDIR; mount --bind /tmp /tmp && mount -o remount,bind,ro /tmp && mount -t tmpfs -o ro none /var/tmp &&
mount --bind "$PWD" "$PWD" && mount -o remount,bind,rw "$PWD" && cd /proc && exec "$@"
"""


def use_token_file(app: App) -> str:
    """Put the token into a file. Return the value of SLACK_BOT_TOKEN for a command that reads it there."""
    file = app.folder / "token"
    file.write_text("xoxb-sandbox-acme\n")
    file.chmod(0o600)
    config = app.config.read_text().replace("[slack]\n", f'[slack]\ntoken_file = "{file}"\n', 1)
    app.config.write_text(config)
    return ""


@pytest.mark.slow
@pytest.mark.parametrize("limits", ["--nofile=40", "--nofile=40:4096"], ids=["hard limit", "soft limit"])
def test_few_descriptors_are_no_outage(app: App, limits: str) -> None:
    app.add_due_jobs(60)
    words = ("work", "--drain", "--in-flight", "100", "--processes", "1")
    done = run_limited(app, limits, *words, SLACK_BOT_TOKEN=use_token_file(app))
    assert (done.returncode, app.states()) == (0, {"succeeded": 60}), done.stderr
    assert ("limits_cut" in done.stderr) == (limits == "--nofile=40")
    assert ("file_limit_raised" in done.stderr) == (limits != "--nofile=40")
    assert read_value(app.db, "SELECT count(*) FROM attempts WHERE outcome <> 'posted'") == 0


def lower_limit(pool: int, to: int) -> None:
    """Let no child of the pool open a file above the limit."""
    for child in child_pids(pool):
        resource.prlimit(child, resource.RLIMIT_NOFILE, (to, 4096))


def test_pool_without_descriptors_for_its_files_ends(app: App) -> None:
    for limit in (5, 8, 9, 10):
        done = run_limited(app, f"--nofile={limit}", "work", "--drain", "--processes", "1")
        assert (done.returncode, "no file descriptor left" in done.stderr) == (1, True), done.stderr
        assert "Traceback" not in done.stderr
        assert "chown" not in done.stderr
    assert json.loads(app.run("health", "--json").stdout)["workers"] == 0


def test_command_without_descriptors_says_so(app: App) -> None:
    for limit in (5, 6, 7):
        done = run_limited(app, f"--nofile={limit}", *ADD)
        assert (done.returncode, "Traceback" in done.stderr) == (1, False), done.stderr
        assert "no file descriptor left" in done.stderr


@pytest.mark.slow
def test_descriptors_that_run_out_are_told_once(app: App) -> None:
    pool = start_limited(app, "--nofile=4096", "work", "--processes", "1", SLACK_BOT_TOKEN=use_token_file(app))
    app.add_due_jobs(1)
    until(lambda: app.states() == {"succeeded": 1})
    lower_limit(pool.pid, 5)
    app.add_schedule("late", as_of=now_ms() - 30_000, at="2050-01-01T00:00")
    assert app.run("run-now", "late", "report-0").returncode == 0
    until(lambda: read_rows(app.db, "SELECT code FROM passing_failures") == [("no_descriptors",)])
    health = app.run("health")
    assert health.returncode == 1
    assert "no file descriptor left" in health.stdout
    assert "ulimit -n" in health.stdout
    assert "Slack has not answered" not in health.stdout
    assert app.run("workspace", "list").stdout.count("paused") == 0
    assert read_value(app.db, "SELECT max(spent) FROM jobs WHERE state <> 'succeeded'") == 0
    lower_limit(pool.pid, 4096)
    until(lambda: app.states() == {"succeeded": 3}, within=60)
    pool.terminate()
    _, errors = pool.communicate(timeout=30)
    assert (pool.returncode, errors.count("machine_failed"), "outage" in errors) == (0, 1, False)
    assert "lost_unsent" not in errors
    assert read_rows(app.db, "SELECT code FROM passing_failures") == []


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OSError(errno.EMFILE, ""), "no_descriptors"),
        (OSError(errno.ENFILE, ""), "no_descriptors"),
        (OSError(errno.ENOMEM, ""), "no_memory"),
        (MemoryError(), "no_memory"),
        (socket.gaierror(socket.EAI_MEMORY, ""), "no_memory"),
        (BlockingIOError(errno.EAGAIN, ""), "no_processes"),
        (RuntimeError("can't start new thread"), "no_processes"),
        (OSError(errno.EIO, ""), "io_error"),
        (MachineFailed("", "", "io_error"), "io_error"),
        (ConnectionRefusedError(errno.ECONNREFUSED, ""), None),
        (socket.gaierror(socket.EAI_NONAME, ""), None),
        (TimeoutError(), None),
    ],
)
def test_error_of_machine_has_a_code(error: Exception, code: str | None) -> None:
    wrapped = RuntimeError("wrapped")
    wrapped.__cause__ = error
    assert (machine_errors.find_code(error), machine_errors.find_code(wrapped)) == (code, code)
    if code:
        assert explain(code).outcome in RETRYABLE
        assert "schedbot tries again" in explain(code).remedy


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root for namespaces")
def test_pool_needs_no_folder_for_temporary_files(app: App) -> None:
    app.add_due_jobs(200)
    program = app.start_behind(["unshare", "-m", "sh", "-c", READ_ONLY, "sh"], "work", "--drain")
    errors = program.communicate(timeout=30)[1]
    assert (program.returncode, app.states()) == (0, {"succeeded": 200}), errors
