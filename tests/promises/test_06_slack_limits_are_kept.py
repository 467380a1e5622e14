"""Promise 6: posts to a channel are a second apart, a Retry-After holds all processes, neither uses up an attempt."""

from itertools import pairwise

from tests.support.app import App


def arrival_times(app: App, channel: str = "C0000000000") -> list[int]:
    """Return the instants at which the sandbox received posts to a channel."""
    return [post["at_ms"] for post in app.slack.requests("chat.postMessage") if post["channel"] == channel]


def test_posts_to_a_channel_are_a_second_apart(app: App) -> None:
    app.add_due_jobs(5, channels=1)
    app.work()
    assert all(later - earlier >= 1_000 for earlier, later in pairwise(arrival_times(app)))
    assert {request["outcome"] for request in app.slack.requests("chat.postMessage")} == {"ok"}
    assert app.states() == {"succeeded": 5}


def test_two_pools_share_the_pace_of_a_channel(app: App) -> None:
    app.add_due_jobs(6, channels=1)
    pools = [app.start("work", "--drain") for _ in range(2)]
    assert [pool.wait(60) for pool in pools] == [0, 0]
    assert all(later - earlier >= 1_000 for earlier, later in pairwise(arrival_times(app)))
    assert len(app.posts()) == 6


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
