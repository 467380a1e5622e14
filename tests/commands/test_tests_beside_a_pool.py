"""`test-send` while the pool posts to the same channel."""

import threading
from itertools import pairwise

import pytest

from schedbot.admin.schedules import send_test
from tests.support.app import TOKEN, House, until


def arrivals(house: House) -> list[int]:
    return sorted(one["at_ms"] for one in house.slack.requests("chat.postMessage"))


def test_a_test_beside_a_post_in_flight_keeps_a_second_to_it_and_to_those_that_follow(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", TOKEN)
    house.due_now(6, channels=1)
    house.slack.order("hold")
    pool = house.start("work", "--processes", "1")
    house.slack.wait_for(1)

    def sleep(seconds: float) -> None:
        house.slack.release()  # once the test waits for its turn
        threading.Event().wait(seconds)

    send_test.send(house.session(), "report-0", sleep=sleep)
    until(lambda: house.states() == {"succeeded": 6}, within=30)
    assert len(house.slack.texts()) == 7
    assert min(later - earlier for earlier, later in pairwise(arrivals(house))) >= 1_000
    pool.terminate()
