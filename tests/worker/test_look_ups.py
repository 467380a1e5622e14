"""Look-ups: the instants at which they run, and the windows of the history that they search."""

from dataclasses import replace
from pathlib import Path

import pytest

from schedbot.model import JobState
from schedbot.store.jobs.unknown import LookUpResult, UnknownJob
from schedbot.worker.state.next_state import LookUpTransition, next_state_after_look_up
from schedbot.worker.steps.search_window import CLOCK_OFF_MS, DAY_MS, SearchWindows
from tests.support.app import FAKETIME, App, Program, until
from tests.support.job_history import HOUR, NOW, new_job_history
from tests.support.sql import read_rows, read_value
from tests.worker.test_reconcile import reconciler, unknown

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
    until(lambda: read_answers(app) == ["widened", "later"], within=WITHIN)
    second.kill()
    app.work()
    assert (read_answers(app), app.states()) == (["widened", "later", "absent"], {"succeeded": 1})


def read_answers(app: App) -> list[str]:
    return [row[0] for row in read_rows(app.db, "SELECT answer FROM lookups ORDER BY id")]


def search_windows(folder: Path, offset_ms: int | None = None, started_at: int = NOW) -> SearchWindows:
    """Return the windows of a pool that knows Slack's clock from the answer to its look-up."""
    with new_job_history(folder) as history:
        windows = reconciler(history).windows
        windows.in_flight.clock.slack_offset_ms, windows.started_at = offset_ms, started_at
        return windows


NO_OFFSET, WITH_OFFSET = unknown(1), replace(unknown(1), clock_ms=0)


@pytest.mark.parametrize(
    ("job", "offset_ms", "started_at", "is_widened"),
    [
        pytest.param(NO_OFFSET, 0, NOW, False, id="clock right"),
        pytest.param(NO_OFFSET, None, NOW, False, id="no answer told the time"),
        pytest.param(NO_OFFSET, CLOCK_OFF_MS + 1, NOW, True, id="clock behind"),
        pytest.param(NO_OFFSET, -HOUR, NOW, True, id="clock ahead"),
        pytest.param(NO_OFFSET, 0, NOW + 5_000, True, id="sent by another pool, by an unknown clock"),
        pytest.param(WITH_OFFSET, HOUR, NOW + 5_000, False, id="Slack's clock was known at the post"),
    ],
)
def test_absent_post_widens_its_window_at_most_once(
    tmp_path: Path, job: UnknownJob, offset_ms: int | None, started_at: int, is_widened: bool
) -> None:
    windows = search_windows(tmp_path, offset_ms, started_at)
    assert windows.widen_if_clock_was_wrong(job, offset_ms=None) is is_widened
    assert windows.widen_if_clock_was_wrong(job, offset_ms=None) is False


def test_post_absent_for_another_pool_gets_a_day_at_once(tmp_path: Path) -> None:
    windows = search_windows(tmp_path, 0, started_at=NOW + HOUR)
    searched = windows.searched_post(replace(NO_OFFSET, is_widened=True))
    assert searched.earliest_at <= NO_OFFSET.sent_at - DAY_MS
    assert windows.widen_if_clock_was_wrong(NO_OFFSET, offset_ms=None) is False


def test_wide_window_of_second_look_up_keeps_its_end(tmp_path: Path) -> None:
    windows = search_windows(tmp_path, HOUR)
    windows.widen_if_clock_was_wrong(NO_OFFSET, offset_ms=None)
    searched = windows.searched_post(NO_OFFSET)
    assert searched.earliest_at <= NO_OFFSET.sent_at + HOUR - DAY_MS
    assert searched.latest_at >= NO_OFFSET.sent_at + HOUR + windows.in_flight.arrival_limit_ms
    windows.in_flight.session = replace(windows.in_flight.session, now=lambda: NOW + HOUR)
    windows.in_flight.clock.slack_offset_ms = HOUR + 400  # as the next answer tells: good to a second
    assert windows.searched_post(NO_OFFSET).latest_at == searched.latest_at
