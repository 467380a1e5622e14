"""A log that nobody reads: the pool goes on posting, and says later how many lines are lost."""

import os
import subprocess
import sys
from contextlib import suppress

import pytest

from schedbot.worker import log_thread
from tests.support.app import App, until


def fill_pipe(writer: int) -> None:
    """Write until the pipe is full."""
    os.set_blocking(writer, False)
    with suppress(BlockingIOError):
        while True:
            os.write(writer, b"." * 1024)
    os.set_blocking(writer, True)


def let_a_zone_be_due(app: App) -> None:
    """Let the next pool ask Slack about a user, with an error that is logged."""
    app.add_schedule("anna", cron="0 9 * * *", tz="slack:U0SANDBOX01")
    app.slack.order("error", "users.info", code="missing_scope", times="forever")
    with app.db.writing():
        app.db.execute("UPDATE people SET ask_at = 0")


@pytest.mark.slow
@pytest.mark.parametrize("is_zone_due", [False, True], ids=["jobs alone", "a zone is due"])
def test_pool_posts_while_nobody_reads_its_log(app: App, is_zone_due: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = os.pipe()
    fill_pipe(writer)
    app.add_due_jobs(3)
    if is_zone_due:
        monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-sandbox-acme")
        let_a_zone_be_due(app)
    app.slack.order("error", channel="C0000000000", code="no_text", times="forever")
    command = [sys.executable, "-m", "schedbot", "work", "--drain", "--processes", "1"]
    pool = subprocess.Popen(command, env=app.environment(), cwd=app.folder, stdin=-3, stdout=-3, stderr=writer)
    os.close(writer)
    try:
        until(lambda: app.states() == {"failed": 1, "succeeded": 2}, within=40)
        assert pool.wait(timeout=30) == 0
    finally:
        pool.kill()
        pool.wait()
        os.close(reader)


def test_lost_lines_are_counted_when_the_reader_goes_on() -> None:
    reader, writer = os.pipe()
    fill_pipe(writer)
    program = (
        "import sys; from schedbot import log; from schedbot.worker.log_thread import log_in_background\n"
        f"with log_in_background():\n  for n in range({log_thread.MAX_LINES + 100}): log.event('line', n=n)\n"
        "  print('full', flush=True); sys.stdin.readline()"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdin=-1, stdout=-1, stderr=writer, text=True) as writing:
        os.close(writer)
        assert writing.stdout
        assert writing.stdout.readline() == "full\n"
        with os.fdopen(reader) as log_lines:
            assert writing.stdin
            writing.stdin.write("\n")
            writing.stdin.close()
            lines = log_lines.read().splitlines()
    assert sum(" info line n=" in line for line in lines) >= log_thread.MAX_LINES
    assert any("warning log_lines_lost count=" in line for line in lines)
