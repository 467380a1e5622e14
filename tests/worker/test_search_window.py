"""Search window of an attempt in the history, when a clock may have been wrong."""

from dataclasses import replace
from pathlib import Path

import pytest

from schedbot.store.jobs.unknown import UnknownJob
from schedbot.worker.steps.search_window import CLOCK_OFF_MS, DAY_MS, SearchWindows
from tests.support.job_history import HOUR, NOW, new_job_history
from tests.worker.test_reconcile import reconciler, unknown


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
    searched = windows.searched_post(replace(NO_OFFSET, is_elsewhere=True))
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
