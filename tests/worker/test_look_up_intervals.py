"""The longer a post is unknown, the rarer its history is asked; but not where the wait has another reason."""

from dataclasses import replace

import pytest

from schedbot.model import JobState
from schedbot.store.jobs.unknown import LookUpResult
from schedbot.worker.state.next_state import LookUpTransition, next_state_after_look_up
from tests.support.app import FAKETIME, App, Program, until
from tests.support.job_history import HOUR, NOW
from tests.support.sql import read_rows, read_value
from tests.worker.test_reconcile import unknown

WITHIN = 40  # s: a pool starts, and a lost answer is waited for

with_a_clock = pytest.mark.skipif(FAKETIME is None, reason="libfaketime is not installed")


def program(app: App, *words: str) -> Program:
    clock = {"FAKETIME_TIMESTAMP_FILE": str(app.folder / "clock"), "FAKETIME_NO_CACHE": "1"}
    return app.start(*words, LD_PRELOAD=str(FAKETIME), FAKETIME_DONT_FAKE_MONOTONIC="1", **clock)


def unknown_for_an_hour(app: App) -> None:
    """A post did not arrive, an hour ago by the clock of `program`."""
    (app.folder / "clock").write_text("+0")
    app.add_due_jobs(1)
    app.slack.order("drop_before")
    program(app, "work", "--processes", "1")
    until(lambda: app.states() == {"unknown": 1}, within=WITHIN)
    (app.folder / "clock").write_text("+1h")


@with_a_clock
def test_a_resume_has_it_looked_up_at_once(app: App) -> None:
    app.slack.order("error", method="conversations.history", code="token_revoked")
    unknown_for_an_hour(app)
    until(lambda: read_value(app.db, "SELECT paused_at FROM workspaces"), within=WITHIN)
    assert program(app, "workspace", "resume", "default").wait(WITHIN) == 0
    until(lambda: app.states() == {"succeeded": 1}, within=WITHIN)


@with_a_clock
def test_a_limit_is_waited_for_as_long_as_slack_says(app: App) -> None:
    app.slack.order("ratelimit", method="conversations.history", retry_after=2)
    unknown_for_an_hour(app)
    until(lambda: app.states() == {"succeeded": 1}, within=WITHIN)


@pytest.mark.parametrize(("error", "wait_ms"), [(None, 60_000), ("ratelimited", 60_000), ("http_503", 900_000)])
def test_the_next_page_does_not_wait_for_a_quarter_of_the_time(error: str | None, wait_ms: int) -> None:
    job = replace(unknown(1), sent_at=NOW - HOUR, deadline_at=NOW + HOUR)
    after = next_state_after_look_up(LookUpResult(job, NOW, "later", error), NOW, 60_000, lambda: 0.5, is_outage=False)
    assert after == LookUpTransition(JobState.UNKNOWN, NOW + wait_ms, error)


def test_pools_that_take_turns_at_a_post_ask_its_own_seconds_once(app: App) -> None:
    """As when each minute's drain is ended before the history of a day has answered."""
    app.add_due_jobs(1)
    app.slack.order("drop_before")
    app.slack.order("ratelimit", method="conversations.history", nth=2, retry_after=1)
    first = app.start("work", "--processes", "1")
    until(lambda: app.states() == {"unknown": 1}, within=WITHIN)
    first.kill()
    second = app.start("work", "--processes", "1")
    until(lambda: answers(app) == ["elsewhere", "later"], within=WITHIN)
    second.kill()
    app.work()
    assert (answers(app), app.states()) == (["elsewhere", "later", "absent"], {"succeeded": 1})


def answers(app: App) -> list[str]:
    return [row[0] for row in read_rows(app.db, "SELECT answer FROM lookups ORDER BY id")]
