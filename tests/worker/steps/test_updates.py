"""`--update`: the last message of a schedule shows the newest occurrence; a lost answer needs no look-up."""

import pytest

from tests.promises.test_03_long_messages_arrive_whole import TEXT, assert_whole
from tests.support.app import App

pytestmark = pytest.mark.slow


@pytest.fixture
def updating(app: App) -> App:
    """An installation whose schedule has posted its first message."""
    app.add_schedule("board", cron="0 0 1 1 *", update="true", text="Open: 3")
    run_now(app)
    return app


def run_now(app: App) -> None:
    assert app.run("run-now", "board").returncode == 0
    app.work()


def texts(app: App) -> list[str]:
    return [post["text"] for post in app.posts()]


def count(app: App, method: str) -> int:
    return len(app.slack.requests(method))


def test_message_is_updated_in_place(updating: App) -> None:
    ts = updating.posts()[0]["ts"]
    updating.run("edit", "board", "--text", "Open: 2")
    run_now(updating)
    [post] = updating.posts()
    assert (post["text"], post["ts"]) == ("Open: 2", ts)
    first, second = updating.audit()
    assert post["metadata"]["event_payload"]["occurrence"] == second["occurrence"]
    assert [first["ts"], second["ts"]] == [ts, ts]
    attempts = [job["attempts"][0] for job in updating.audit()]
    assert [attempt["method"] for attempt in attempts] == ["post", "update"]
    assert f"Attempt 1 updated the message {attempts[0]['ts']}." in updating.run("audit", "2").stdout
    updating.run("edit", "board", "--no-update")
    run_now(updating)
    assert texts(updating) == ["Open: 2", "Open: 2"]


@pytest.mark.parametrize("fault", ["drop_before", "drop_after"])
def test_lost_answer_is_repeated_without_a_look_up(updating: App, fault: str) -> None:
    updating.slack.order(fault, method="chat.update")
    updating.run("edit", "board", "--text", "Open: 1")
    run_now(updating)
    assert texts(updating) == ["Open: 1"]
    assert updating.states() == {"succeeded": 2}
    assert (count(updating, "chat.update"), count(updating, "conversations.history")) == (2, 0)


@pytest.mark.parametrize("code", ["message_not_found", "cant_update_message", "edit_window_closed"])
def test_message_that_is_gone_is_posted_anew(updating: App, code: str) -> None:
    updating.slack.order("error", method="chat.update", code=code, times="forever")
    updating.run("edit", "board", "--text", "Open: 1", "--max-attempts", "1")
    run_now(updating)
    assert texts(updating) == ["Open: 3", "Open: 1"]
    updating.slack.clear()
    updating.run("edit", "board", "--text", "Open: 0")
    run_now(updating)
    assert texts(updating) == ["Open: 3", "Open: 0"]


def test_older_occurrence_does_not_put_the_message_back(app: App) -> None:
    app.add_schedule("board", cron="0 0 1 1 *", update="true", text="Open: 3")
    app.slack.order("error", code="msg_too_long")
    run_now(app)
    run_now(app)
    app.run("retry", "--state", "failed", "--yes")
    app.work()
    assert texts(app) == ["Open: 3"]
    assert app.states() == {"succeeded": 1, "skipped": 1}
    assert "later occurrence" in app.run("audit", "1").stdout


def test_jobs_that_are_due_together_make_one_message(app: App) -> None:
    app.add_schedule("board", cron="0 0 1 1 *", update="true", text="Open: 3")
    for _ in range(3):
        app.run("run-now", "board")
    app.slack.order("drop_after", method="chat.postMessage")
    app.work()
    assert texts(app) == ["Open: 3"]
    assert app.states() == {"succeeded": 3}


def test_message_that_has_begun_is_not_posted_beside(app: App) -> None:
    app.add_schedule("board", cron="0 0 1 1 *", update="true", text=TEXT)
    app.slack.order("error", code="msg_too_long")
    app.slack.order("error", code="invalid_blocks", nth=2)  # the second part of the second message
    run_now(app)
    run_now(app)
    [post] = app.posts()
    app.run("retry", "1", "2", "--yes")
    app.work()
    assert app.posts()[0]["ts"] == post["ts"]
    assert_whole(app.posts())
    assert app.states() == {"skipped": 1, "succeeded": 1}


def test_rest_of_a_long_message_is_posted_anew_in_its_thread(updating: App) -> None:
    long = "\n".join(f"line {number} {'x' * 90}" for number in range(200))
    for text in (long, long.replace("line", "row")):
        updating.run("edit", "board", "--text", text)
        run_now(updating)
    posts = updating.posts()
    ts = posts[0]["ts"]
    assert [post.get("thread_ts") for post in posts if post["ts"] != ts] == [ts] * (len(posts) - 1)
    assert posts[0]["text"].startswith("row 0")
    assert ["line 199" in str(posts[1:]), "row 199" in str(posts[1:])] == [True, True]
    assert updating.states() == {"succeeded": 3}


def test_update_of_a_killed_pool_is_repeated(updating: App) -> None:
    updating.run("edit", "board", "--text", "Open: 1")
    updating.run("run-now", "board")
    updating.slack.order("hold", method="chat.update")
    pool = updating.start("work", "--processes", "1")
    updating.slack.wait_for_held(1)
    pool.kill()
    updating.slack.release()
    updating.work()
    assert (texts(updating), updating.states()) == (["Open: 1"], {"succeeded": 2})
    assert count(updating, "conversations.history") == 0
    [_, job] = updating.audit()
    assert [attempt["outcome"] for attempt in job["attempts"]] == ["not_posted", "posted"]
