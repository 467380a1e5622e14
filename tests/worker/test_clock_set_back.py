"""The clock is wrong, or somebody sets it: what has to wait for seconds waits no hour, no post is taken for lost."""

from pathlib import Path

import pytest

from tests.promises.test_04_a_zombie_cannot_write import FAKETIME
from tests.support.app import House, Program, now_ms, rfc3339, until

pytestmark = pytest.mark.skipif(FAKETIME is None, reason="libfaketime is not installed")


def wrong(house: House, by: str) -> Program:
    """A pool whose clock is off, until `set_back`."""
    clock = house.folder / "clock"
    clock.write_text(by)
    env = {"LD_PRELOAD": str(FAKETIME), "FAKETIME_TIMESTAMP_FILE": str(clock), "FAKETIME_NO_CACHE": "1"}
    return house.start("work", "--processes", "1", FAKETIME_DONT_FAKE_MONOTONIC="1", **env)


def set_back(house: House) -> None:
    Path(house.folder / "clock").write_text("+0")


def test_a_look_up_that_waits_is_asked_all_the_same(house: House) -> None:
    house.due_now(1)
    house.slack.order("drop_after")
    house.slack.order("ratelimit", method="conversations.history", retry_after=2)
    pool = wrong(house, "+1h")
    until(lambda: house.db.rows("SELECT answer FROM lookups") == [("later",)], within=40)
    set_back(house)
    until(lambda: house.states() == {"succeeded": 1}, within=40)
    assert house.slack.texts() == ["report-0"]
    pool.terminate()


def test_a_limit_of_a_workspace_is_over_all_the_same(house: House) -> None:
    house.due_now(1)
    house.slack.order("ratelimit", retry_after=2)
    pool = wrong(house, "+1h")
    until(lambda: house.db.rows("SELECT 1 FROM pacing WHERE channel = ''"), within=40)
    set_back(house)
    house.schedule("another", cron="0 0 1 1 *", channel="C0000000009")
    house.run("run-now", "another")
    until(lambda: house.slack.texts() == ["another"], within=30)
    pool.terminate()


def test_a_lone_post_of_a_clock_that_is_wrong_is_found_by_slacks_own(house: House) -> None:
    """It is the first that the pool asks Slack, so that nothing has told it the time before."""
    house.due_now(1)
    house.slack.order("drop_after")
    pool = wrong(house, "+1h")
    until(lambda: house.states() == {"succeeded": 1}, within=40)
    assert house.slack.texts() == ["report-0"]
    pool.terminate()


def test_a_post_of_a_pool_that_died_with_a_slow_clock_is_found_by_the_next(house: House) -> None:
    due_at = now_ms() // 1000 * 1000 - 20 * 60_000
    house.schedule("report-0", as_of=due_at - 30_000, channel="C0000000000", at=rfc3339(due_at))
    house.tick(due_at)
    house.slack.order("hold")
    pool = wrong(house, "-10m")
    until(lambda: house.slack.texts() == ["report-0"], within=20)
    pool.kill()
    house.start("work", "--processes", "1")
    until(lambda: house.states() == {"succeeded": 1}, within=60)
    assert house.slack.texts() == ["report-0"]
