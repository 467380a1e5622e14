"""Direct messages, authors, and the scopes of each method."""

from typing import Any

import pytest

from tests.support.sandbox.client import ACME, SandboxClient

PERSON = "U0SANDBOX01"


def test_direct_messages_are_opened_once(any_server: SandboxClient) -> None:
    first = any_server("conversations.open", users=PERSON).body
    second = any_server("conversations.open", users=PERSON).body
    assert first["channel"]["id"] == second["channel"]["id"]
    assert first["channel"]["id"].startswith("D")
    assert ("already_open" in first, second["already_open"]) == (False, True)


def test_message_to_a_person_is_found_in_the_history(any_server: SandboxClient) -> None:
    response = any_server("chat.postMessage", channel=PERSON, text="hello").body
    channel = any_server("conversations.open", users=PERSON).body["channel"]["id"]
    assert response["channel"] == channel
    messages = any_server("conversations.history", channel=channel).body["messages"]
    assert [message["ts"] for message in messages] == [response["ts"]]
    assert any_server("conversations.info", channel=channel).body["channel"]["is_im"] is True
    assert any_server("chat.update", channel=PERSON, ts=response["ts"], text="x").body["error"] == "channel_not_found"


@pytest.mark.parametrize(
    ("users", "code"),
    [
        ("", "users_list_not_supplied"),
        ("U0NOBODY", "user_not_found"),
        ("U0SANDBOT", "cannot_dm_bot"),
        ("U0LEFT", "user_disabled"),
    ],
)
def test_direct_messages_need_an_active_person(any_server: SandboxClient, users: str, code: str) -> None:
    any_server.control.deactivate_user("U0LEFT")
    assert any_server("conversations.open", users=users).body["error"] == code


def test_messages_to_a_person_who_left_are_accepted(any_server: SandboxClient) -> None:
    any_server.control.set_user("U0LEAVES", "Europe/Berlin")
    channel = any_server("conversations.open", users="U0LEAVES").body["channel"]["id"]
    any_server.control.deactivate_user("U0LEAVES")
    assert any_server("chat.postMessage", channel=channel, text="x").body["ok"] is True


def test_author_of_a_message_is_stored(any_server: SandboxClient) -> None:
    author = {"username": "Acme reports", "icon_emoji": ":chart:"}
    message = any_server("chat.postMessage", channel="C1", text="x", **author).body["message"]
    assert message.items() >= author.items()


def test_log_of_requests_has_thread_and_previews(any_server: SandboxClient) -> None:
    ts = any_server("chat.postMessage", channel="C1", text="x", unfurl_links=False, unfurl_media=False).body["ts"]
    any_server.form("chat.postMessage", token=ACME, channel="C1", text="x", thread_ts=ts, unfurl_links="true")
    records = any_server.control.requests("chat.postMessage")
    assert [(record["thread_ts"], record["unfurl"]) for record in records] == [("", False), (ts, True)]


@pytest.mark.parametrize(
    ("method", "args", "scope"),
    [
        ("chat.postMessage", {"channel": "C1", "text": "x", "username": "a"}, "chat:write.customize"),
        ("chat.delete", {"channel": "C1", "ts": "1.0"}, "chat:write"),
        ("conversations.open", {"users": PERSON}, "im:write"),
        ("conversations.replies", {"channel": "C1", "ts": "1.0"}, "channels:history"),
        ("files.getUploadURLExternal", {"filename": "a.csv", "length": 1}, "files:write"),
        ("files.completeUploadExternal", {"files": [{"id": "F0"}]}, "files:write"),
        ("files.info", {"file": "F0"}, "files:read"),
    ],
)
def test_missing_scope_is_named(any_server: SandboxClient, method: str, args: dict[str, Any], scope: str) -> None:
    scopes = {"chat:write", "users:read"} - {scope}
    any_server.control.add_workspace("poor", "xoxb-poor", ["C1"], sorted(scopes))
    any_server.control.set_user(PERSON, "UTC")
    response = any_server(method, "xoxb-poor", **args).body
    assert response == {"ok": False, "error": "missing_scope", "needed": scope, "provided": ",".join(sorted(scopes))}
