"""Look-up intervals: they grow with the time since the post, unless the wait has another reason."""

from dataclasses import replace

import pytest

from schedbot.model import JobState
from schedbot.store.jobs.unknown import LookUpResult
from schedbot.worker.state.next_state import LookUpTransition, next_state_after_look_up
from tests.support.app import FAKETIME, App, Program, until
from tests.support.job_history import HOUR, NOW
from tests.support.sql import read_rows, read_value
from tests.worker.test_reconcile import unknown

WITHIN = 40  # s: a pool starts, and waits for a lost answer

needs_faketime = pytest.mark.skipif(FAKETIME is None, reason="libfaketime is not installed")


def start_with_clock(app: App, *words: str) -> Program:
    clock = {"FAKETIME_TIMESTAMP_FILE": str(app.folder / "clock"), "FAKETIME_NO_CACHE": "1"}
    return app.start(*words, LD_PRELOAD=str(FAKETIME), FAKETIME_DONT_FAKE_MONOTONIC="1", **clock)


def leave_unknown_for_an_hour(app: App) -> None:
    """Lose a post an hour ago, by the clock of `start_with_clock`."""
    (app.folder / "clock").write_text("+0")
    app.add_due_jobs(1)
    app.slack.order("drop_before")
    start_with_clock(app, "work", "--processes", "1")
    until(lambda: app.states() == {"unknown": 1}, within=WITHIN)
    (app.folder / "clock").write_text("+1h")


@pytest.mark.slow
@needs_faketime
def test_resume_looks_up_at_once(app: App) -> None:
    app.slack.order("error", method="conversations.history", code="token_revoked")
    leave_unknown_for_an_hour(app)
    until(lambda: read_value(app.db, "SELECT paused_at FROM workspaces"), within=WITHIN)
    assert start_with_clock(app, "workspace", "resume", "default").wait(WITHIN) == 0
    until(lambda: app.states() == {"succeeded": 1}, within=WITHIN)


@pytest.mark.slow
@needs_faketime
def test_rate_limit_lasts_as_long_as_slack_says(app: App) -> None:
    app.slack.order("ratelimit", method="conversations.history", retry_after=2)
    leave_unknown_for_an_hour(app)
    until(lambda: app.states() == {"succeeded": 1}, within=WITHIN)


@pytest.mark.parametrize(("error", "wait_ms"), [(None, 60_000), ("ratelimited", 60_000), ("http_503", 900_000)])
def test_next_page_waits_only_for_the_rate_limit(error: str | None, wait_ms: int) -> None:
    job = replace(unknown(1), sent_at=NOW - HOUR, deadline_at=NOW + HOUR)
    after = next_state_after_look_up(LookUpResult(job, NOW, "later", error), NOW, 60_000, lambda: 0.5, is_outage=False)
    assert after == LookUpTransition(JobState.UNKNOWN, NOW + wait_ms, error)


@pytest.mark.slow
def test_pools_in_turn_search_the_own_window_once(app: App) -> None:
    """For example, cron ends each drain before the history of a day has answered."""
    app.add_due_jobs(1)
    app.slack.order("drop_before")
    app.slack.order("ratelimit", method="conversations.history", nth=2, retry_after=1)
    first = app.start("work", "--processes", "1")
    until(lambda: app.states() == {"unknown": 1}, within=WITHIN)
    first.kill()
    second = app.start("work", "--processes", "1")
    until(lambda: read_answers(app) == ["elsewhere", "later"], within=WITHIN)
    second.kill()
    app.work()
    assert (read_answers(app), app.states()) == (["elsewhere", "later", "absent"], {"succeeded": 1})


def read_answers(app: App) -> list[str]:
    return [row[0] for row in read_rows(app.db, "SELECT answer FROM lookups ORDER BY id")]
