"""`test-send` while the pool posts to the same channel."""

import threading
from itertools import pairwise

import pytest

from schedbot.admin.schedules import send_test
from tests.support.app import TOKEN, App, until


def arrivals(app: App) -> list[int]:
    return sorted(one["at_ms"] for one in app.slack.requests("chat.postMessage"))


def test_a_test_beside_a_post_in_flight_keeps_a_second_to_it_and_to_those_that_follow(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", TOKEN)
    app.add_due_jobs(6, channels=1)
    app.slack.order("hold")
    pool = app.start("work", "--processes", "1")
    app.slack.wait_for_held(1)

    def sleep(seconds: float) -> None:
        app.slack.release()  # once the test waits for its turn
        threading.Event().wait(seconds)

    send_test.send(app.session(), "report-0", sleep=sleep)
    until(lambda: app.states() == {"succeeded": 6}, within=30)
    assert len(app.slack.texts()) == 7
    assert min(later - earlier for earlier, later in pairwise(arrivals(app))) >= 1_000
    pool.terminate()
