"""Promise 6: a second between two posts to a channel, and a Retry-After for all; neither uses up an attempt."""

from itertools import pairwise

from tests.support.app import App


def arrivals(app: App, channel: str = "C0000000000") -> list[int]:
    return [one["at_ms"] for one in app.slack.requests("chat.postMessage") if one["channel"] == channel]


def test_posts_to_one_channel_are_a_second_apart_and_slack_refuses_none(app: App) -> None:
    app.add_due_jobs(5, channels=1)
    app.work()
    assert all(later - earlier >= 1_000 for earlier, later in pairwise(arrivals(app)))
    assert {one["outcome"] for one in app.slack.requests("chat.postMessage")} == {"ok"}
    assert app.states() == {"succeeded": 5}


def test_two_pools_keep_the_second_between_them(app: App) -> None:
    app.add_due_jobs(6, channels=1)
    pools = [app.start("work", "--drain") for _ in range(2)]
    assert [pool.wait(60) for pool in pools] == [0, 0]
    assert all(later - earlier >= 1_000 for earlier, later in pairwise(arrivals(app)))
    assert len(app.posts()) == 6


def test_a_retry_after_holds_the_workspace_and_uses_up_no_attempt(app: App) -> None:
    app.add_due_jobs(10, max_attempts="1")
    app.slack.order("ratelimit", retry_after=3)
    app.work()
    requests = app.slack.requests("chat.postMessage")
    refused_at = next(one["at_ms"] for one in requests if one["outcome"] != "ok")
    in_flight_then = [one for one in requests if 500 < one["at_ms"] - refused_at < 3_000]
    assert in_flight_then == []
    assert app.states() == {"succeeded": 10}


def test_another_workspace_goes_on_meanwhile(app: App) -> None:
    app.run("workspace", "add", "globex", "--token-env", "GLOBEX_TOKEN")
    app.add_due_jobs(1)
    app.slack.order("ratelimit", workspace="acme", retry_after=20)
    pool = app.start("work", GLOBEX_TOKEN="xoxb-sandbox-globex")
    app.add_schedule("other", cron="0 0 1 1 *", workspace="globex")
    app.run("run-now", "other", "--wait", GLOBEX_TOKEN="xoxb-sandbox-globex")
    assert app.slack.texts() == ["other"]
    pool.terminate()
