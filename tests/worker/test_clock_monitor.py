"""A clock that is wrong or is set: no wait becomes an hour longer, and no post is taken for lost."""

from pathlib import Path

import pytest

from tests.support.app import FAKETIME, App, Program, now_ms, rfc3339, until
from tests.support.sql import read_rows

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(FAKETIME is None, reason="libfaketime is not installed"),
]


def start_with_wrong_clock(app: App, offset: str) -> Program:
    """Start a pool whose clock is off until `correct_clock`."""
    clock = app.folder / "clock"
    clock.write_text(offset)
    env = {"LD_PRELOAD": str(FAKETIME), "FAKETIME_TIMESTAMP_FILE": str(clock), "FAKETIME_NO_CACHE": "1"}
    return app.start("work", "--processes", "1", FAKETIME_DONT_FAKE_MONOTONIC="1", **env)


def correct_clock(app: App) -> None:
    Path(app.folder / "clock").write_text("+0")


def test_waiting_look_up_runs_after_clock_is_set_back(app: App) -> None:
    app.add_due_jobs(1)
    app.slack.order("drop_after")
    app.slack.order("ratelimit", method="conversations.history", retry_after=2)
    pool = start_with_wrong_clock(app, "+1h")
    until(lambda: read_rows(app.db, "SELECT answer FROM lookups") == [("later",)], within=40)
    correct_clock(app)
    until(lambda: app.states() == {"succeeded": 1}, within=40)
    assert app.slack.texts() == ["report-0"]
    pool.terminate()


def test_rate_limit_ends_after_clock_is_set_back(app: App) -> None:
    app.add_due_jobs(1)
    app.slack.order("ratelimit", retry_after=2)
    pool = start_with_wrong_clock(app, "+1h")
    until(lambda: read_rows(app.db, "SELECT 1 FROM pacing WHERE channel = ''"), within=40)
    correct_clock(app)
    app.add_schedule("another", cron="0 0 1 1 *", channel="C0000000009")
    app.run("run-now", "another")
    until(lambda: "another" in app.slack.texts(), within=40)  # a slow machine may have posted the limited report before
    pool.terminate()


def test_first_post_by_wrong_clock_is_found(app: App) -> None:
    """No answer has told the pool Slack's time before."""
    app.add_due_jobs(1)
    app.slack.order("drop_after")
    pool = start_with_wrong_clock(app, "+1h")
    until(lambda: app.states() == {"succeeded": 1}, within=40)
    assert app.slack.texts() == ["report-0"]
    pool.terminate()


def test_post_of_dead_pool_with_slow_clock_is_found(app: App) -> None:
    due_at = now_ms() // 1000 * 1000 - 20 * 60_000
    app.add_schedule("report-0", as_of=due_at - 30_000, channel="C0000000000", at=rfc3339(due_at))
    app.tick(due_at)
    app.slack.order("hold")
    pool = start_with_wrong_clock(app, "-10m")
    until(lambda: app.slack.texts() == ["report-0"], within=20)
    pool.kill()
    app.start("work", "--processes", "1")
    until(lambda: app.states() == {"succeeded": 1}, within=60)
    assert app.slack.texts() == ["report-0"]
