"""Threads of schedules: one for each span, also after a lost answer, and a new one for a thread that is gone."""

import pytest

from tests.promises.test_03_long_messages_arrive_whole import TEXT
from tests.support.app import App, until

pytestmark = pytest.mark.slow


def add_daily_thread(app: App) -> None:
    app.add_schedule("daily", cron="0 9 1 1 *", channel="C0000000000", thread="daily")


def post(app: App, count: int = 1) -> None:
    """Post extra messages of the schedule."""
    for _ in range(count):
        assert app.run("run-now", "daily").returncode == 0
    assert app.work().returncode == 0


def threads(app: App) -> list[str | None]:
    return [message.get("thread_ts") for message in app.posts()]


def test_lost_answer_opens_no_second_thread(app: App) -> None:
    add_daily_thread(app)
    app.slack.order("drop_after")
    post(app, count=3)
    first, *replies = app.posts()
    assert (len(replies), {message.get("thread_ts") for message in replies}) == (2, {first["ts"]})
    assert [job["thread_ts"] for job in app.audit()] == [None, first["ts"], first["ts"]]


def test_lost_reply_is_found_in_its_thread(app: App) -> None:
    add_daily_thread(app)
    app.slack.order("drop_after", nth=2)
    post(app, count=2)
    assert len(app.posts()) == 2
    assert [request["outcome"] for request in app.slack.requests("conversations.replies")] == ["ok"]
    assert app.states() == {"succeeded": 2}


def test_deleted_thread_is_replaced(app: App) -> None:
    add_daily_thread(app)
    post(app)
    app.slack.delete_message("C0000000000", app.posts()[0]["ts"])
    post(app)
    post(app)
    first, second = app.posts()
    assert second["thread_ts"] == first["ts"]
    assert [job["thread_ts"] for job in app.audit()] == [None, None, first["ts"]]


def test_parts_of_two_messages_do_not_mix(app: App) -> None:
    app.add_schedule("daily", cron="0 9 1 1 *", channel="C0000000000", thread="always", text=TEXT)
    post(app, count=3)
    messages = app.posts()
    parts = [message["metadata"]["event_payload"]["part"] for message in messages]
    assert parts == list(range(1, len(messages) // 3 + 1)) * 3
    assert {message["thread_ts"] for message in messages} == {messages[0]["ts"]}


def test_refused_thread_costs_no_attempt(app: App) -> None:
    app.add_schedule("daily", cron="0 9 1 1 *", channel="C0000000000", thread="daily", max_attempts="1")
    post(app)
    app.slack.order("error", code="thread_not_found")
    post(app)
    assert threads(app) == [None, None]
    assert [job["state"] for job in app.audit()] == ["succeeded", "succeeded"]


def test_deleted_message_is_not_continued(app: App) -> None:
    app.add_due_jobs(1, text=TEXT)
    app.slack.order("hold_before", nth=2)
    app.start("work")
    app.slack.wait_for_held(1)
    app.slack.delete_message("C0000000000", app.posts()[0]["ts"])
    app.slack.release()
    until(lambda: app.states() == {"failed": 1})
    [job] = app.audit()
    assert (job["error"], job["why"]) == ("thread_gone", "2 of 3 parts are posted: thread_gone")
    assert len(app.posts()) == 1
