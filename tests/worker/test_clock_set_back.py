"""Somebody sets the clock back an hour: what was to wait for seconds does not wait for that hour too."""

from pathlib import Path

import pytest

from tests.house import House, Program, until
from tests.promises.test_04_a_zombie_cannot_write import FAKETIME

pytestmark = pytest.mark.skipif(FAKETIME is None, reason="libfaketime is not installed")


def an_hour_ahead(house: House) -> Program:
    """A pool whose clock is an hour fast, until `set_back`."""
    clock = house.folder / "clock"
    clock.write_text("+1h")
    env = {"LD_PRELOAD": str(FAKETIME), "FAKETIME_TIMESTAMP_FILE": str(clock), "FAKETIME_NO_CACHE": "1"}
    return house.start("work", "--processes", "1", FAKETIME_DONT_FAKE_MONOTONIC="1", **env)


def set_back(house: House) -> None:
    Path(house.folder / "clock").write_text("+0")


def test_a_look_up_that_waits_is_asked_all_the_same(house: House) -> None:
    house.due_now(1)
    house.slack.order("drop_after")
    house.slack.order("ratelimit", method="conversations.history", retry_after=2)
    pool = an_hour_ahead(house)
    until(lambda: house.db.rows("SELECT answer FROM lookups") == [("later",)], within=40)
    set_back(house)
    until(lambda: house.states() == {"succeeded": 1}, within=40)
    assert house.slack.texts() == ["report-0"]
    pool.terminate()


def test_a_limit_of_a_workspace_is_over_all_the_same(house: House) -> None:
    house.due_now(1)
    house.slack.order("ratelimit", retry_after=2)
    pool = an_hour_ahead(house)
    until(lambda: house.db.rows("SELECT 1 FROM pacing WHERE channel = ''"), within=40)
    set_back(house)
    house.schedule("another", cron="0 0 1 1 *", channel="C0000000009")
    house.run("run-now", "another")
    until(lambda: house.slack.texts() == ["another"], within=30)
    pool.terminate()
