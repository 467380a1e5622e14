"""chat.postMessage and chat.update answer as Slack's reference says."""

import re

import pytest
from slack_sdk import WebClient

from tests.support.sandbox_client import SandboxClient

GENERAL, REPORTS = "C0SANDBOX01", "C0SANDBOX02"


def test_slack_sdk_posts_and_reads_the_answer(slack_server: SandboxClient) -> None:
    client = WebClient("xoxb-sandbox-acme", base_url=slack_server.running.api_url, retry_handlers=[])
    answer = client.chat_postMessage(channel=GENERAL, text="Good morning")
    assert answer["ok"] is True
    assert answer["channel"] == GENERAL
    assert re.fullmatch(r"\d{10}\.\d{6}", answer["ts"])
    assert answer["message"]["text"] == "Good morning"
    assert answer["message"]["ts"] == answer["ts"]
    assert answer["message"]["bot_id"].startswith("B")
    assert slack_server.control.texts(GENERAL) == ["Good morning"]


def test_slack_sdk_updates_a_message_in_place(slack_server: SandboxClient) -> None:
    client = WebClient("xoxb-sandbox-acme", base_url=slack_server.running.api_url, retry_handlers=[])
    ts = client.chat_postMessage(channel=GENERAL, text="draft")["ts"]
    answer = client.chat_update(channel=GENERAL, ts=ts, text="final")
    assert answer["ts"] == ts
    assert answer["message"]["edited"]["user"].startswith("U")
    assert slack_server.control.texts(GENERAL) == ["final"]


def test_an_update_keeps_the_metadata_and_drops_the_old_blocks(any_server: SandboxClient) -> None:
    metadata = {"event_type": "schedbot_job", "event_payload": {"attempt": 1}}
    ts = any_server("chat.postMessage", channel="C1", text="a", blocks=[{"type": "divider"}], metadata=metadata).body[
        "ts"
    ]
    message = any_server("chat.update", channel="C1", ts=ts, text="b").body["message"]
    assert message["metadata"] == metadata
    assert "blocks" not in message


@pytest.mark.parametrize("ts", ["1700000000.000100", "yesterday", None])
def test_an_update_of_what_is_not_there_is_refused(slack_server: SandboxClient, ts: str | None) -> None:
    assert slack_server("chat.update", channel=GENERAL, ts=ts, text="x").body["error"] == "message_not_found"


def test_a_form_is_taken_as_json_is(slack_server: SandboxClient) -> None:
    blocks = '[{"type":"header","text":{"type":"plain_text","text":"Hello"}}]'
    answer = slack_server.form(
        "chat.postMessage", token="xoxb-sandbox-acme", channel=GENERAL, text="Grüße", blocks=blocks
    ).body
    assert answer["message"]["text"] == "Grüße"
    assert answer["message"]["blocks"][0]["text"]["text"] == "Hello"


def test_text_over_4000_characters_becomes_several_messages(slack_server: SandboxClient) -> None:
    answer = slack_server("chat.postMessage", channel=GENERAL, text="a" * 4000 + "b" * 4000 + "c").body
    assert slack_server.control.texts(GENERAL) == ["a" * 4000, "b" * 4000, "c"]
    assert answer["message"]["text"] == "a" * 4000


def test_text_beside_blocks_stays_one_message(slack_server: SandboxClient) -> None:
    slack_server("chat.postMessage", channel=GENERAL, text="a" * 4001, blocks=[{"type": "divider"}])
    assert len(slack_server.control.messages(GENERAL)) == 1


def test_each_message_in_a_channel_has_a_later_ts(any_server: SandboxClient) -> None:
    stamps = [any_server("chat.postMessage", channel="C1", text="x").body["ts"] for _ in range(50)]
    assert stamps == sorted(set(stamps))


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
def test_a_channel_that_cannot_be_posted_to_is_refused(slack_server: SandboxClient, channel: str, code: str) -> None:
    answer = slack_server("chat.postMessage", channel=channel, text="x")
    assert (answer.status, answer.body["ok"], answer.body["error"]) == (200, False, code)
    assert slack_server.control.messages() == []


def test_public_scope_posts_where_the_bot_is_not_but_cannot_read_back(slack_server: SandboxClient) -> None:
    channels = [{"id": "C0OUT", "is_member": False}]
    scopes = ["chat:write", "chat:write.public", "channels:history"]
    slack_server.control.add_workspace("public", "xoxb-public", channels, scopes)
    assert slack_server("chat.postMessage", "xoxb-public", channel="C0OUT", text="x").body["ok"] is True
    assert slack_server("conversations.history", "xoxb-public", channel="C0OUT").body["error"] == "not_in_channel"


def test_a_token_without_the_scope_is_told_what_is_needed(slack_server: SandboxClient) -> None:
    slack_server.control.add_workspace("reader", "xoxb-reader", ["C1"], ["channels:read"])
    answer = slack_server("chat.postMessage", "xoxb-reader", channel="C1", text="x").body
    assert answer == {"ok": False, "error": "missing_scope", "needed": "chat:write", "provided": "channels:read"}


def test_a_second_post_within_a_second_is_a_429(slack_server: SandboxClient) -> None:
    slack_server("chat.postMessage", channel=GENERAL, text="first")
    answer = slack_server("chat.postMessage", channel=GENERAL, text="second")
    assert answer.status == 429
    assert answer.headers["retry-after"] == "1"
    assert answer.body == {"ok": False, "error": "ratelimited"}
    assert slack_server.control.texts(GENERAL) == ["first"]


def test_another_channel_and_another_workspace_go_on(slack_server: SandboxClient) -> None:
    slack_server("chat.postMessage", channel=GENERAL, text="one")
    assert slack_server("chat.postMessage", channel=REPORTS, text="two").status == 200
    answer = slack_server("chat.postMessage", "xoxb-sandbox-globex", channel="C0GLOBEX001", text="three")
    assert answer.status == 200
    assert slack_server.control.messages(workspace="globex")[0]["text"] == "three"


def test_a_refused_message_costs_no_pace(slack_server: SandboxClient) -> None:
    slack_server("chat.postMessage", channel=GENERAL)
    assert slack_server("chat.postMessage", channel=GENERAL, text="x").status == 200
