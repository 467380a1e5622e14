"""conversations.history: order, pages, metadata and limits."""

from collections.abc import Iterator
from typing import Any

import pytest
from slack_sdk import WebClient

from schedbot.sandbox import start
from tests.support.sandbox.client import SandboxClient

METADATA = {"event_type": "schedbot_job", "event_payload": {"occurrence": "a:1", "attempt": 1}}


def post_messages(server: SandboxClient, count: int, channel: str = "C1") -> list[str]:
    """Post `count` messages. Returns their ts, oldest first."""
    return [server("chat.postMessage", channel=channel, text=str(number)).body["ts"] for number in range(count)]


def all_ts(body: dict[str, Any]) -> list[str]:
    return [message["ts"] for message in body["messages"]]


def test_messages_are_newest_first(any_server: SandboxClient) -> None:
    ts = post_messages(any_server, 3)
    body = any_server("conversations.history", channel="C1").body
    assert all_ts(body) == ts[::-1]
    assert body["has_more"] is False


def test_ends_of_a_period_count_only_if_inclusive(any_server: SandboxClient) -> None:
    ts = post_messages(any_server, 4)
    period = {"channel": "C1", "oldest": ts[0], "latest": ts[3]}
    assert all_ts(any_server("conversations.history", **period).body) == [ts[2], ts[1]]
    assert all_ts(any_server("conversations.history", **period, inclusive=True).body) == ts[::-1]


@pytest.mark.parametrize("inclusive", [True, False])
def test_slack_sdk_reads_all_pages(any_server: SandboxClient, inclusive: bool) -> None:
    ts = post_messages(any_server, 7)
    client = WebClient("xoxb-sandbox-acme", base_url=any_server.running.api_url)
    read, pages = [], []
    for page in client.conversations_history(channel="C1", limit=3, oldest="0", inclusive=inclusive):
        read += [message["ts"] for message in page["messages"]]
        pages.append((len(page["messages"]), page["has_more"]))
    assert pages == [(3, True), (3, True), (1, False)]
    assert read == ts[::-1]


def test_metadata_payload_is_returned_only_on_request(any_server: SandboxClient) -> None:
    any_server("chat.postMessage", channel="C1", text="x", metadata=METADATA)
    client = WebClient("xoxb-sandbox-acme", base_url=any_server.running.api_url)
    without_payload = client.conversations_history(channel="C1")
    with_payload = client.conversations_history(channel="C1", include_all_metadata=True)
    assert without_payload["messages"][0]["metadata"] == {"event_type": "schedbot_job"}
    assert with_payload["messages"][0]["metadata"] == METADATA


@pytest.mark.parametrize(("channel", "scope"), [("C1", "channels:history"), ("G1", "groups:history")])
def test_history_needs_the_scope_of_the_channel_type(any_server: SandboxClient, channel: str, scope: str) -> None:
    any_server.control.add_workspace("poster", "xoxb-poster", scopes=["chat:write"])
    response = any_server("conversations.history", "xoxb-poster", channel=channel).body
    assert response == {"ok": False, "error": "missing_scope", "needed": scope, "provided": "chat:write"}


@pytest.mark.parametrize(
    ("args", "code"),
    [
        ({"limit": 1000}, "invalid_limit"),
        ({"limit": "many"}, "invalid_limit"),
        ({"oldest": "monday"}, "invalid_ts_oldest"),
        ({"latest": "monday"}, "invalid_ts_latest"),
        ({"cursor": "%%%"}, "invalid_cursor"),
    ],
)
def test_invalid_argument_is_named(any_server: SandboxClient, args: dict[str, Any], code: str) -> None:
    assert any_server("conversations.history", channel="C1", **args).body["error"] == code


@pytest.fixture
def scarce() -> Iterator[SandboxClient]:
    with start(any_channel=True, pace=False, history="scarce") as running:
        yield SandboxClient(running)


def test_scarce_history_returns_15_messages_once_a_minute(scarce: SandboxClient) -> None:
    post_messages(scarce, 16)
    first = scarce("conversations.history", channel="C1", limit=200)
    assert (len(first.body["messages"]), first.body["has_more"]) == (15, True)
    second = scarce("conversations.history", channel="C1", limit=1)
    assert (second.status, second.body["error"]) == (429, "ratelimited")
    assert 55 <= int(second.headers["retry-after"]) <= 60


def test_scarce_history_limits_each_workspace_alone(scarce: SandboxClient) -> None:
    assert scarce("conversations.history", channel="C1").status == 200
    assert scarce("conversations.history", "xoxb-sandbox-globex", channel="C1").status == 200
    assert scarce("conversations.history", channel="C2").status == 429
    assert scarce("chat.postMessage", channel="C1", text="x").status == 200
