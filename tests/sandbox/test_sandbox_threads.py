"""Threads: replies, conversations.replies, deleted messages, and edits."""

from collections.abc import Iterator
from typing import Any

import pytest
from slack_sdk import WebClient

from schedbot.sandbox import start
from tests.support.sandbox.client import SandboxClient

METADATA = {"event_type": "schedbot_job", "event_payload": {"occurrence": "a:1", "attempt": 1}}


def post(server: SandboxClient, text: str, **fields: Any) -> str:
    return str(server("chat.postMessage", channel="C1", text=text, **fields).body["ts"])


def open_thread(server: SandboxClient, replies: int) -> tuple[str, list[str]]:
    """Post a message with replies. Returns its ts and those of the replies."""
    ts = post(server, "parent")
    return ts, [post(server, str(number), thread_ts=ts) for number in range(replies)]


def all_ts(body: dict[str, Any]) -> list[str]:
    return [message["ts"] for message in body["messages"]]


def test_replies_are_oldest_first_after_their_parent(any_server: SandboxClient) -> None:
    ts, replies = open_thread(any_server, 3)
    post(any_server, "beside the thread")
    body = any_server("conversations.replies", channel="C1", ts=ts).body
    assert all_ts(body) == [ts, *replies]
    assert body["has_more"] is False
    parent = body["messages"][0]
    assert (parent["thread_ts"], parent["reply_count"], parent["latest_reply"]) == (ts, 3, replies[-1])


def test_history_leaves_out_the_replies(any_server: SandboxClient) -> None:
    before = post(any_server, "before")
    ts, _ = open_thread(any_server, 3)
    assert all_ts(any_server("conversations.history", channel="C1", limit=2).body) == [ts, before]


def test_each_page_of_replies_begins_with_the_parent(any_server: SandboxClient) -> None:
    ts, replies = open_thread(any_server, 5)
    client = WebClient("xoxb-sandbox-acme", base_url=any_server.running.api_url)
    pages = [all_ts(page.data) for page in client.conversations_replies(channel="C1", ts=ts, limit=3)]
    assert pages == [[ts, *replies[:2]], [ts, *replies[2:]]]


def test_replies_of_a_period_follow_the_parent(any_server: SandboxClient) -> None:
    ts, replies = open_thread(any_server, 4)
    period = {"channel": "C1", "ts": ts, "oldest": replies[1], "latest": replies[2]}
    assert all_ts(any_server("conversations.replies", **period, inclusive=True).body) == [ts, replies[1], replies[2]]
    assert all_ts(any_server("conversations.replies", **period).body) == [ts]


def test_replies_have_metadata_only_on_request(any_server: SandboxClient) -> None:
    ts, _ = open_thread(any_server, 0)
    post(any_server, "x", thread_ts=ts, metadata=METADATA)
    without = any_server("conversations.replies", channel="C1", ts=ts).body["messages"][1]["metadata"]
    complete = any_server("conversations.replies", channel="C1", ts=ts, include_all_metadata=True).body
    assert without == {"event_type": "schedbot_job"}
    assert complete["messages"][1]["metadata"] == METADATA


@pytest.mark.parametrize(
    ("args", "code"),
    [({}, "invalid_arguments"), ({"ts": "1.000001"}, "thread_not_found"), ({"ts": "monday"}, "thread_not_found")],
)
def test_replies_need_an_existing_message(any_server: SandboxClient, args: dict[str, str], code: str) -> None:
    assert any_server("conversations.replies", channel="C1", **args).body["error"] == code


@pytest.fixture
def scarce() -> Iterator[SandboxClient]:
    with start(any_channel=True, pace=False, history="scarce") as running:
        yield SandboxClient(running)


def test_scarce_replies_are_limited_beside_the_history(scarce: SandboxClient) -> None:
    ts, _ = open_thread(scarce, 20)
    body = scarce("conversations.replies", channel="C1", ts=ts, limit=100).body
    assert (len(body["messages"]), body["has_more"]) == (15, True)
    assert scarce("conversations.replies", channel="C1", ts=ts).status == 429
    assert scarce("conversations.history", channel="C1").status == 200


def test_reply_to_a_reply_goes_to_its_thread(any_server: SandboxClient) -> None:
    ts, replies = open_thread(any_server, 1)
    response = any_server("chat.postMessage", channel="C1", text="x", thread_ts=replies[0]).body
    assert response["message"]["thread_ts"] == ts


@pytest.mark.parametrize("by_slack", [True, False])
def test_reply_to_a_deleted_message_goes_to_the_channel(any_server: SandboxClient, by_slack: bool) -> None:
    ts = post(any_server, "gone")
    if by_slack:
        assert any_server("chat.delete", channel="C1", ts=ts).body["ok"] is True
    else:
        any_server.control.delete_message("C1", ts)
    response = any_server("chat.postMessage", channel="C1", text="x", thread_ts=ts).body
    assert "thread_ts" not in response["message"]
    assert all_ts(any_server("conversations.history", channel="C1").body) == [response["ts"]]
    assert any_server("conversations.replies", channel="C1", ts=ts).body["error"] == "thread_not_found"


def test_deleted_message_with_replies_leaves_a_tombstone(any_server: SandboxClient) -> None:
    ts, replies = open_thread(any_server, 1)
    any_server.control.delete_message("C1", ts)
    thread = any_server("conversations.replies", channel="C1", ts=ts).body["messages"]
    assert [message.get("subtype") for message in thread] == ["tombstone", None]
    assert any_server("chat.update", channel="C1", ts=ts, text="x").body["error"] == "message_not_found"
    any_server.control.delete_message("C1", replies[0])
    assert len(any_server.control.thread("C1", ts)) == 1


def test_messages_of_a_person_belong_to_the_person(any_server: SandboxClient) -> None:
    any_server("chat.postMessage", channel="C1", text="x")
    ts = any_server.control.post_as("U0SANDBOX02", "C1", "Thanks!")
    assert any_server("chat.update", channel="C1", ts=ts, text="x").body["error"] == "cant_update_message"
    assert any_server("chat.delete", channel="C1", ts=ts).body["error"] == "cant_delete_message"
    assert any_server.control.messages("C1")[-1]["user"] == "U0SANDBOX02"


def test_all_versions_of_a_message_can_be_read(any_server: SandboxClient) -> None:
    ts = post(any_server, "first", metadata=METADATA)
    for text in ("second", "third"):
        any_server("chat.update", channel="C1", ts=ts, text=text)
    versions = any_server.control.versions("C1", ts)
    assert [version["text"] for version in versions] == ["first", "second", "third"]
    assert {version["ts"] for version in versions} == {ts}
    assert "edited" in versions[-1]


def test_closed_edit_window_refuses_an_update(any_server: SandboxClient) -> None:
    ts = post(any_server, "old")
    any_server.control.set_edit_window(0)
    assert any_server("chat.update", channel="C1", ts=ts, text="x").body["error"] == "edit_window_closed"
    any_server.control.set_edit_window(None)
    assert any_server("chat.update", channel="C1", ts=ts, text="x").body["ok"] is True
