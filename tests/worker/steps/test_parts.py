"""Messages of several parts: what has begun is ended, in its channel, and a retry goes on with the missing part."""

import pytest

from tests.promises.test_03_long_messages_arrive_whole import TEXT, assert_whole
from tests.support.app import App, until

pytestmark = pytest.mark.slow  # the parts of a message are a second apart


def test_begun_message_is_ended_after_pause_and_edit(app: App) -> None:
    app.add_due_jobs(1, text=TEXT)
    app.slack.order("hold", nth=2)
    app.start("work")
    app.slack.wait_for_held(1)
    assert app.run("edit", "report-0", "--channel", "C0000000009", "--text", "other").returncode == 0
    assert app.run("pause", "report-0").returncode == 0
    assert app.run("pause", "--all", "--reason", "maintenance").returncode == 0
    app.slack.release()
    until(lambda: app.states() == {"succeeded": 1})
    assert_whole(app.slack.messages("C0000000000"))
    assert app.slack.messages("C0000000009") == []


def test_retry_goes_on_with_the_missing_part(app: App) -> None:
    app.add_due_jobs(1, text=TEXT)
    app.slack.order("error", code="invalid_blocks", nth=2)
    app.work()
    [job] = app.audit()
    assert (job["state"], job["parts"], [attempt["part"] for attempt in job["attempts"]]) == ("failed", 3, [1, 2])
    assert job["why"] == "1 of 3 parts is posted: invalid_blocks"
    assert app.run("edit", "report-0", "--text", "other").returncode == 0
    assert app.run("retry", "1", "--yes").returncode == 0
    app.work()
    assert app.states() == {"succeeded": 1}
    assert_whole(app.posts())
    [job] = app.audit()
    assert (job["ts"], job["thread_ts"], job["degraded"]) == (app.posts()[0]["ts"], None, False)
