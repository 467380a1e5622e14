"""chat.postMessage and chat.update: messages, refusals and rate limits."""

import re

import pytest
from slack_sdk import WebClient

from tests.support.sandbox.client import SandboxClient

GENERAL, REPORTS = "C0SANDBOX01", "C0SANDBOX02"


def test_slack_sdk_posts_a_message(slack_server: SandboxClient) -> None:
    client = WebClient("xoxb-sandbox-acme", base_url=slack_server.running.api_url, retry_handlers=[])
    response = client.chat_postMessage(channel=GENERAL, text="Good morning")
    assert response["ok"] is True
    assert response["channel"] == GENERAL
    assert re.fullmatch(r"\d{10}\.\d{6}", response["ts"])
    assert response["message"]["text"] == "Good morning"
    assert response["message"]["ts"] == response["ts"]
    assert response["message"]["bot_id"].startswith("B")
    assert slack_server.control.texts(GENERAL) == ["Good morning"]


def test_slack_sdk_updates_a_message(slack_server: SandboxClient) -> None:
    client = WebClient("xoxb-sandbox-acme", base_url=slack_server.running.api_url, retry_handlers=[])
    ts = client.chat_postMessage(channel=GENERAL, text="draft")["ts"]
    response = client.chat_update(channel=GENERAL, ts=ts, text="final")
    assert response["ts"] == ts
    assert response["message"]["edited"]["user"].startswith("U")
    assert slack_server.control.texts(GENERAL) == ["final"]


def test_update_keeps_metadata_and_drops_blocks(any_server: SandboxClient) -> None:
    metadata = {"event_type": "schedbot_job", "event_payload": {"attempt": 1}}
    ts = any_server("chat.postMessage", channel="C1", text="a", blocks=[{"type": "divider"}], metadata=metadata).body[
        "ts"
    ]
    message = any_server("chat.update", channel="C1", ts=ts, text="b").body["message"]
    assert message["metadata"] == metadata
    assert "blocks" not in message


def test_update_with_an_empty_list_removes_attachments(any_server: SandboxClient) -> None:
    ts = any_server("chat.postMessage", channel="C1", text="a", attachments=[{"text": "old"}]).body["ts"]
    assert "attachments" in any_server("chat.update", channel="C1", ts=ts, text="b").body["message"]
    assert "attachments" not in any_server("chat.update", channel="C1", ts=ts, text="b", attachments=[]).body["message"]


@pytest.mark.parametrize("ts", ["1700000000.000100", "yesterday", None])
def test_update_of_a_missing_message_is_refused(slack_server: SandboxClient, ts: str | None) -> None:
    assert slack_server("chat.update", channel=GENERAL, ts=ts, text="x").body["error"] == "message_not_found"


def test_form_is_accepted_like_json(slack_server: SandboxClient) -> None:
    blocks = '[{"type":"header","text":{"type":"plain_text","text":"Hello"}}]'
    response = slack_server.form(
        "chat.postMessage", token="xoxb-sandbox-acme", channel=GENERAL, text="Grüße", blocks=blocks
    ).body
    assert response["message"]["text"] == "Grüße"
    assert response["message"]["blocks"][0]["text"]["text"] == "Hello"


def test_text_over_4000_characters_becomes_several_messages(slack_server: SandboxClient) -> None:
    response = slack_server("chat.postMessage", channel=GENERAL, text="a" * 4000 + "b" * 4000 + "c").body
    assert slack_server.control.texts(GENERAL) == ["a" * 4000, "b" * 4000, "c"]
    assert response["message"]["text"] == "a" * 4000


def test_long_text_with_blocks_stays_a_single_message(slack_server: SandboxClient) -> None:
    slack_server("chat.postMessage", channel=GENERAL, text="a" * 4001, blocks=[{"type": "divider"}])
    assert len(slack_server.control.messages(GENERAL)) == 1


def test_ts_increases_in_a_channel(any_server: SandboxClient) -> None:
    all_ts = [any_server("chat.postMessage", channel="C1", text="x").body["ts"] for _ in range(50)]
    assert all_ts == sorted(set(all_ts))


@pytest.mark.parametrize(
    ("channel", "code"),
    [
        ("C0UNKNOWN", "channel_not_found"),
        ("general", "channel_not_found"),
        ("C0ARCHIVED1", "is_archived"),
        ("C0NOTMEMBER", "not_in_channel"),
        ("C0GLOBEX001", "channel_not_found"),
        ("", "invalid_arguments"),
    ],
)
def test_post_to_an_unusable_channel_is_refused(slack_server: SandboxClient, channel: str, code: str) -> None:
    response = slack_server("chat.postMessage", channel=channel, text="x")
    assert (response.status, response.body["ok"], response.body["error"]) == (200, False, code)
    assert slack_server.control.messages() == []


def test_public_scope_allows_posts_but_no_history(slack_server: SandboxClient) -> None:
    channels = [{"id": "C0OUT", "is_member": False}]
    scopes = ["chat:write", "chat:write.public", "channels:history"]
    slack_server.control.add_workspace("public", "xoxb-public", channels, scopes)
    assert slack_server("chat.postMessage", "xoxb-public", channel="C0OUT", text="x").body["ok"] is True
    assert slack_server("conversations.history", "xoxb-public", channel="C0OUT").body["error"] == "not_in_channel"


def test_missing_scope_names_the_needed_scope(slack_server: SandboxClient) -> None:
    slack_server.control.add_workspace("reader", "xoxb-reader", ["C1"], ["channels:read"])
    response = slack_server("chat.postMessage", "xoxb-reader", channel="C1", text="x").body
    assert response == {"ok": False, "error": "missing_scope", "needed": "chat:write", "provided": "channels:read"}


def test_second_post_within_a_second_is_a_429(slack_server: SandboxClient) -> None:
    slack_server("chat.postMessage", channel=GENERAL, text="first")
    response = slack_server("chat.postMessage", channel=GENERAL, text="second")
    assert response.status == 429
    assert response.headers["retry-after"] == "1"
    assert response.body == {"ok": False, "error": "ratelimited"}
    assert slack_server.control.texts(GENERAL) == ["first"]


def test_rate_limit_does_not_affect_other_channels(slack_server: SandboxClient) -> None:
    slack_server("chat.postMessage", channel=GENERAL, text="one")
    assert slack_server("chat.postMessage", channel=REPORTS, text="two").status == 200
    response = slack_server("chat.postMessage", "xoxb-sandbox-globex", channel="C0GLOBEX001", text="three")
    assert response.status == 200
    assert slack_server.control.messages(workspace="globex")[0]["text"] == "three"


def test_refused_message_does_not_count_for_the_rate_limit(slack_server: SandboxClient) -> None:
    slack_server("chat.postMessage", channel=GENERAL)
    assert slack_server("chat.postMessage", channel=GENERAL, text="x").status == 200
