"""The clock is wrong, or somebody sets it: what has to wait for seconds waits no hour, no post is taken for lost."""

from pathlib import Path

import pytest

from tests.support.app import FAKETIME, App, Program, now_ms, rfc3339, until
from tests.support.sql import read_rows

pytestmark = pytest.mark.skipif(FAKETIME is None, reason="libfaketime is not installed")


def wrong(app: App, by: str) -> Program:
    """A pool whose clock is off, until `set_back`."""
    clock = app.folder / "clock"
    clock.write_text(by)
    env = {"LD_PRELOAD": str(FAKETIME), "FAKETIME_TIMESTAMP_FILE": str(clock), "FAKETIME_NO_CACHE": "1"}
    return app.start("work", "--processes", "1", FAKETIME_DONT_FAKE_MONOTONIC="1", **env)


def set_back(app: App) -> None:
    Path(app.folder / "clock").write_text("+0")


def test_a_look_up_that_waits_is_asked_all_the_same(app: App) -> None:
    app.add_due_jobs(1)
    app.slack.order("drop_after")
    app.slack.order("ratelimit", method="conversations.history", retry_after=2)
    pool = wrong(app, "+1h")
    until(lambda: read_rows(app.db, "SELECT answer FROM lookups") == [("later",)], within=40)
    set_back(app)
    until(lambda: app.states() == {"succeeded": 1}, within=40)
    assert app.slack.texts() == ["report-0"]
    pool.terminate()


def test_a_limit_of_a_workspace_is_over_all_the_same(app: App) -> None:
    app.add_due_jobs(1)
    app.slack.order("ratelimit", retry_after=2)
    pool = wrong(app, "+1h")
    until(lambda: read_rows(app.db, "SELECT 1 FROM pacing WHERE channel = ''"), within=40)
    set_back(app)
    app.add_schedule("another", cron="0 0 1 1 *", channel="C0000000009")
    app.run("run-now", "another")
    until(lambda: app.slack.texts() == ["another"], within=30)
    pool.terminate()


def test_a_lone_post_of_a_clock_that_is_wrong_is_found_by_slacks_own(app: App) -> None:
    """It is the first that the pool asks Slack, so that nothing has told it the time before."""
    app.add_due_jobs(1)
    app.slack.order("drop_after")
    pool = wrong(app, "+1h")
    until(lambda: app.states() == {"succeeded": 1}, within=40)
    assert app.slack.texts() == ["report-0"]
    pool.terminate()


def test_a_post_of_a_pool_that_died_with_a_slow_clock_is_found_by_the_next(app: App) -> None:
    due_at = now_ms() // 1000 * 1000 - 20 * 60_000
    app.add_schedule("report-0", as_of=due_at - 30_000, channel="C0000000000", at=rfc3339(due_at))
    app.tick(due_at)
    app.slack.order("hold")
    pool = wrong(app, "-10m")
    until(lambda: app.slack.texts() == ["report-0"], within=20)
    pool.kill()
    app.start("work", "--processes", "1")
    until(lambda: app.states() == {"succeeded": 1}, within=60)
    assert app.slack.texts() == ["report-0"]
