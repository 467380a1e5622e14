"""conversations.history gives what is asked for, and no more than Slack would."""

from collections.abc import Iterator
from typing import Any

import pytest
from slack_sdk import WebClient

from schedbot.sandbox import start
from tests.support.sandbox_client import SandboxClient

METADATA = {"event_type": "schedbot_job", "event_payload": {"occurrence": "a:1", "attempt": 1}}


def posted(server: SandboxClient, count: int, channel: str = "C1") -> list[str]:
    """The ts of so many messages, oldest first."""
    return [server("chat.postMessage", channel=channel, text=str(number)).body["ts"] for number in range(count)]


def stamps(body: dict[str, Any]) -> list[str]:
    return [message["ts"] for message in body["messages"]]


def test_messages_come_newest_first(any_server: SandboxClient) -> None:
    written = posted(any_server, 3)
    body = any_server("conversations.history", channel="C1").body
    assert stamps(body) == written[::-1]
    assert body["has_more"] is False


def test_the_ends_of_a_span_belong_to_it_only_when_inclusive(any_server: SandboxClient) -> None:
    written = posted(any_server, 4)
    span = {"channel": "C1", "oldest": written[0], "latest": written[3]}
    assert stamps(any_server("conversations.history", **span).body) == [written[2], written[1]]
    assert stamps(any_server("conversations.history", **span, inclusive=True).body) == written[::-1]


@pytest.mark.parametrize("inclusive", [True, False])
def test_slack_sdk_pages_through_all_messages(any_server: SandboxClient, inclusive: bool) -> None:
    written = posted(any_server, 7)
    client = WebClient("xoxb-sandbox-acme", base_url=any_server.running.api_url)
    read, pages = [], []
    for page in client.conversations_history(channel="C1", limit=3, oldest="0", inclusive=inclusive):
        read += [message["ts"] for message in page["messages"]]
        pages.append((len(page["messages"]), page["has_more"]))
    assert pages == [(3, True), (3, True), (1, False)]
    assert read == written[::-1]


def test_a_payload_is_shown_only_when_it_is_asked_for(any_server: SandboxClient) -> None:
    any_server("chat.postMessage", channel="C1", text="x", metadata=METADATA)
    client = WebClient("xoxb-sandbox-acme", base_url=any_server.running.api_url)
    without = client.conversations_history(channel="C1")
    asked = client.conversations_history(channel="C1", include_all_metadata=True)
    assert without["messages"][0]["metadata"] == {"event_type": "schedbot_job"}
    assert asked["messages"][0]["metadata"] == METADATA


@pytest.mark.parametrize(("channel", "scope"), [("C1", "channels:history"), ("G1", "groups:history")])
def test_history_needs_the_scope_for_the_kind_of_channel(any_server: SandboxClient, channel: str, scope: str) -> None:
    any_server.control.add_workspace("poster", "xoxb-poster", scopes=["chat:write"])
    answer = any_server("conversations.history", "xoxb-poster", channel=channel).body
    assert answer == {"ok": False, "error": "missing_scope", "needed": scope, "provided": "chat:write"}


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"limit": 1000}, "invalid_limit"),
        ({"limit": "many"}, "invalid_limit"),
        ({"oldest": "monday"}, "invalid_ts_oldest"),
        ({"latest": "monday"}, "invalid_ts_latest"),
        ({"cursor": "%%%"}, "invalid_cursor"),
    ],
)
def test_a_wrong_argument_is_named(any_server: SandboxClient, given: dict[str, Any], code: str) -> None:
    assert any_server("conversations.history", channel="C1", **given).body["error"] == code


@pytest.fixture
def scarce() -> Iterator[SandboxClient]:
    with start(any_channel=True, pace=False, history="scarce") as running:
        yield SandboxClient(running)


def test_scarce_history_gives_fifteen_messages_once_a_minute(scarce: SandboxClient) -> None:
    posted(scarce, 16)
    first = scarce("conversations.history", channel="C1", limit=200)
    assert (len(first.body["messages"]), first.body["has_more"]) == (15, True)
    second = scarce("conversations.history", channel="C1", limit=1)
    assert (second.status, second.body["error"]) == (429, "ratelimited")
    assert 55 <= int(second.headers["retry-after"]) <= 60


def test_scarce_history_is_counted_by_workspace_and_holds_no_posts(scarce: SandboxClient) -> None:
    assert scarce("conversations.history", channel="C1").status == 200
    assert scarce("conversations.history", "xoxb-sandbox-globex", channel="C1").status == 200
    assert scarce("conversations.history", channel="C2").status == 429
    assert scarce("chat.postMessage", channel="C1", text="x").status == 200
