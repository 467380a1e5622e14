"""Where an attempt is looked for in the history, when a clock may have been wrong."""

from dataclasses import replace
from pathlib import Path

import pytest

from schedbot.store.jobs.unknown import UnknownJob
from schedbot.worker.steps.search_window import CLOCK_OFF_MS, DAY_MS, Brackets
from tests.support.job_history import HOUR, NOW, new_job_history
from tests.worker.test_ends_of_a_pool import rescue, unknown


def brackets(folder: Path, clock_ms: int | None = None, since: int = NOW) -> Brackets:
    """Of a pool that has learned Slack's clock from the answer to its look-up."""
    with new_job_history(folder) as history:
        one = rescue(history).brackets
        one.hand.clock_ms, one.since = clock_ms, since
        return one


BLIND, TOLD = unknown(1), replace(unknown(1), clock_ms=0)


@pytest.mark.parametrize(
    ("job", "clock_ms", "since", "may"),
    [
        pytest.param(BLIND, 0, NOW, False, id="the clock is right"),
        pytest.param(BLIND, None, NOW, False, id="no answer tells the time"),
        pytest.param(BLIND, CLOCK_OFF_MS + 1, NOW, True, id="the clock is wrong"),
        pytest.param(BLIND, -HOUR, NOW, True, id="the clock is wrong the other way"),
        pytest.param(BLIND, 0, NOW + 5_000, True, id="another pool sent it, by a clock that nobody knows"),
        pytest.param(TOLD, HOUR, NOW + 5_000, False, id="Slack's clock was known when it was sent"),
    ],
)
def test_when_it_is_looked_for_once_more(
    tmp_path: Path, job: UnknownJob, clock_ms: int | None, since: int, may: bool
) -> None:
    one = brackets(tmp_path, clock_ms, since)
    assert one.may_be_elsewhere(job, clock_ms=None) is may
    assert one.may_be_elsewhere(job, clock_ms=None) is False


def test_what_another_pool_did_not_find_in_its_seconds_is_looked_for_in_a_day_at_once(tmp_path: Path) -> None:
    one = brackets(tmp_path, 0, since=NOW + HOUR)
    told = one.sought(replace(BLIND, is_elsewhere=True))
    assert told["sent_at"] <= BLIND.sent_at - DAY_MS
    assert one.may_be_elsewhere(BLIND, clock_ms=None) is False


def test_a_second_look_up_asks_for_a_day_whose_end_stays(tmp_path: Path) -> None:
    one = brackets(tmp_path, HOUR)
    one.may_be_elsewhere(BLIND, clock_ms=None)
    told = one.sought(BLIND)
    assert told["sent_at"] <= BLIND.sent_at + HOUR - DAY_MS
    assert told["until_at"] >= BLIND.sent_at + HOUR + one.hand.window_ms
    one.hand.session = replace(one.hand.session, now=lambda: NOW + HOUR)
    one.hand.clock_ms = HOUR + 400  # as the next answer says: it is good to a second
    assert one.sought(BLIND)["until_at"] == told["until_at"]
