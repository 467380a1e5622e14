"""Promise 6: posts to a channel are a second apart, a Retry-After holds all processes, neither uses up an attempt."""

from itertools import pairwise

from tests.support.app import App, until
from tests.support.sql import read_rows


def arrival_times(app: App, channel: str = "C0000000000") -> list[int]:
    """Return the instants at which the sandbox received posts to a channel."""
    return [post["at_ms"] for post in app.slack.requests("chat.postMessage") if post["channel"] == channel]


def test_posts_to_a_channel_are_a_second_apart(app: App) -> None:
    app.add_due_jobs(5, channels=1)
    app.work()
    assert all(later - earlier >= 1_000 for earlier, later in pairwise(arrival_times(app)))
    assert {request["outcome"] for request in app.slack.requests("chat.postMessage")} == {"ok"}
    assert app.states() == {"succeeded": 5}


def test_pools_share_the_pace_while_they_start_and_end(app: App) -> None:
    app.lease_s = 3
    channels = ["C0000000000", "C0000000001"]
    app.add_due_jobs(14, channels=2)
    alone = app.start("work")
    until(lambda: len(app.posts()) >= 2)
    assert read_rows(app.db, "SELECT 1 FROM heartbeats WHERE is_sharing") == []
    joining = app.start("work")
    until(lambda: len(app.posts()) >= 6)
    alone.kill()
    after_kill = app.start("work")
    until(lambda: len(app.posts()) >= 10)
    joining.terminate()
    assert joining.wait(30) == 0
    until(lambda: app.states() == {"succeeded": 14}, within=60)
    after_kill.terminate()
    for channel in channels:
        times = arrival_times(app, channel)
        assert (
            len(times) >= 7,
            [later - earlier for earlier, later in pairwise(times) if later - earlier < 1_000],
        ) == (
            True,
            [],
        )


def test_pool_that_comes_and_goes_delays_no_channel(app: App) -> None:
    app.timeout_s = 20
    app.add_due_jobs(1)
    app.slack.order("hold")
    pool = app.start("work")
    app.slack.wait_for_held(1)
    app.work()  # it writes that the channel of the post in flight is held for 23 s
    app.slack.release()
    until(lambda: app.states() == {"succeeded": 1})
    app.add_due_schedules({"next": {"channel": "C0000000000"}})
    until(lambda: app.states() == {"succeeded": 2}, within=10)
    pool.terminate()


def test_pool_that_is_alone_writes_no_holds(app: App) -> None:
    app.add_due_jobs(5)
    pool = app.start("work")
    until(lambda: app.states() == {"succeeded": 5})
    assert read_rows(app.db, "SELECT * FROM pacing") == []
    pool.terminate()


def test_retry_after_holds_the_workspace(app: App) -> None:
    app.add_due_jobs(10, max_attempts="1")
    app.slack.order("ratelimit", retry_after=3)
    app.work()
    requests = app.slack.requests("chat.postMessage")
    refused_at = next(request["at_ms"] for request in requests if request["outcome"] != "ok")
    sent_during_hold = [request for request in requests if 500 < request["at_ms"] - refused_at < 3_000]
    assert sent_during_hold == []
    assert app.states() == {"succeeded": 10}


def test_retry_after_of_a_workspace_does_not_hold_another(app: App) -> None:
    app.run("workspace", "add", "globex", "--token-env", "GLOBEX_TOKEN")
    app.add_due_jobs(1)
    app.slack.order("ratelimit", workspace="acme", retry_after=20)
    pool = app.start("work", GLOBEX_TOKEN="xoxb-sandbox-globex")
    app.add_schedule("other", cron="0 0 1 1 *", workspace="globex")
    app.run("run-now", "other", "--wait", GLOBEX_TOKEN="xoxb-sandbox-globex")
    assert app.slack.texts() == ["other"]
    pool.terminate()
