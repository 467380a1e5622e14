"""Checks of messages: the sandbox refuses what Slack refuses, with Slack's error codes."""

from typing import Any

import pytest

from tests.support.sandbox.client import SandboxClient


def plain(length: int) -> dict[str, str]:
    return {"type": "plain_text", "text": "x" * length}


SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3000}}
VALID_BLOCKS: list[Any] = [
    {"type": "header", "text": plain(150)},
    {"type": "section", "fields": [plain(1)] * 10},
    {"type": "context", "elements": [plain(1)] * 10},
    {"type": "actions", "elements": [{"type": "button", "text": plain(75)}] * 25},
    {"type": "image", "image_url": "https://example.com/x.png", "alt_text": "x" * 2000},
    {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}] * 20] * 2},
    SECTION,
]


def test_blocks_at_their_limits_are_accepted(any_server: SandboxClient) -> None:
    response = any_server("chat.postMessage", channel="C1", text="x", blocks=VALID_BLOCKS).body
    assert [block["type"] for block in response["message"]["blocks"]] == [block["type"] for block in VALID_BLOCKS]


@pytest.mark.parametrize(
    ("block", "sentence"),
    [
        ({"type": "header", "text": plain(151)}, "must be less than 151 characters [json-pointer:/blocks/0/text/text]"),
        (
            {"type": "section", "text": plain(3001)},
            "must be less than 3001 characters [json-pointer:/blocks/0/text/text]",
        ),
        ({"type": "section", "text": plain(0)}, "must be more than 0 characters [json-pointer:/blocks/0/text/text]"),
        ({"type": "section"}, "must define either `text` or `fields` [json-pointer:/blocks/0]"),
        (
            {"type": "section", "fields": [plain(1)] * 11},
            "no more than 10 items allowed [json-pointer:/blocks/0/fields]",
        ),
        (
            {"type": "section", "fields": [plain(2001)]},
            "must be less than 2001 characters [json-pointer:/blocks/0/fields/0/text]",
        ),
        (
            {"type": "context", "elements": [plain(1)] * 11},
            "no more than 10 items allowed [json-pointer:/blocks/0/elements]",
        ),
        (
            {"type": "actions", "elements": [{"type": "button", "text": plain(1)}] * 26},
            "no more than 25 items allowed [json-pointer:/blocks/0/elements]",
        ),
        (
            {"type": "image", "image_url": "https://x.example/y"},
            "missing required field: alt_text [json-pointer:/blocks/0]",
        ),
        ({"type": "table", "rows": [[plain(1)]] * 101}, "no more than 100 items allowed [json-pointer:/blocks/0/rows]"),
        ({"type": "table", "rows": [[plain(1)] * 21]}, "no more than 20 items allowed [json-pointer:/blocks/0/rows/0]"),
        ({"type": "banner"}, "unsupported type: banner [json-pointer:/blocks/0/type]"),
        (
            {"type": "divider", "block_id": "x" * 256},
            "must be less than 256 characters [json-pointer:/blocks/0/block_id]",
        ),
        ("section", "missing required field: type [json-pointer:/blocks/0]"),
    ],
)
def test_invalid_block_is_refused_with_its_path(any_server: SandboxClient, block: Any, sentence: str) -> None:
    response = any_server("chat.postMessage", channel="C1", text="x", blocks=[block]).body
    assert response["error"] == "invalid_blocks"
    assert response["errors"] == [sentence]
    assert response["response_metadata"]["messages"] == [f"[ERROR] {sentence}"]


def test_51_blocks_are_refused(any_server: SandboxClient) -> None:
    divider = {"type": "divider"}
    assert any_server("chat.postMessage", channel="C1", text="x", blocks=[divider] * 50).body["ok"] is True
    response = any_server("chat.postMessage", channel="C1", text="x", blocks=[divider] * 51).body
    assert response["errors"] == ["no more than 50 items allowed [json-pointer:/blocks]"]


METADATA = {"event_type": "schedbot_job", "event_payload": {"attempt": 1}}


@pytest.mark.parametrize(
    ("args", "code"),
    [
        ({}, "no_text"),
        ({"text": ""}, "no_text"),
        ({"text": "", "metadata": METADATA}, "no_text"),
        ({"text": "x", "blocks": "[{"}, "invalid_blocks_format"),
        ({"text": "x", "blocks": '[{"type": "section", "text": NaN}]'}, "invalid_blocks_format"),
        ({"text": "x", "blocks": {"type": "divider"}}, "invalid_blocks_format"),
        ({"text": "x", "blocks": [SECTION] * 5}, "msg_blocks_too_long"),
        ({"text": "x", "markdown_text": "y"}, "markdown_text_conflict"),
        ({"markdown_text": "y" * 12_001}, "msg_too_long"),
        ({"text": "x", "attachments": [{}] * 101}, "too_many_attachments"),
        ({"text": "x", "metadata": "{"}, "invalid_metadata_format"),
        ({"text": "x", "metadata": {"event_type": "a"}}, "invalid_metadata_format"),
        ({"text": "x", "metadata": METADATA | {"event_type": "a b"}}, "invalid_metadata_format"),
        ({"text": "x", "metadata": METADATA | {"event_payload": {"a": None}}}, "invalid_metadata_schema"),
        ({"text": "x", "metadata": METADATA | {"event_payload": {"a": ["b"]}}}, "invalid_metadata_schema"),
        ({"text": "x", "metadata": METADATA | {"event_payload": {"a": "b" * 16_001}}}, "metadata_too_large"),
    ],
)
def test_invalid_message_is_refused(any_server: SandboxClient, args: dict[str, Any], code: str) -> None:
    assert any_server("chat.postMessage", channel="C1", **args).body["error"] == code
    assert any_server.control.messages("C1") == []


@pytest.mark.parametrize("text", ["\ud800", "Grüße 🎉", "\x00"])
def test_any_text_is_accepted(any_server: SandboxClient, text: str) -> None:
    assert any_server("chat.postMessage", channel="C1", text=text).body["ok"] is True
    assert len(any_server.control.texts("C1")) == 1


@pytest.mark.parametrize(
    "args",
    [{"markdown_text": 5}, {"text": [1]}, {"text": "x", "blocks": [{"type": ["a"]}]}, {"text": "x", "metadata": 5}],
)
def test_arguments_of_the_wrong_type_get_a_response(any_server: SandboxClient, args: dict[str, Any]) -> None:
    assert any_server("chat.postMessage", channel="C1", **args).status == 200


def test_metadata_may_contain_objects_and_lists(any_server: SandboxClient) -> None:
    payload = {"text": "a", "number": 1.5, "flag": True, "object": {"a": 1}, "objects": [{"a": 1}, {"b": "c"}]}
    metadata = {"event_type": "schedbot_job", "event_payload": payload}
    response = any_server("chat.postMessage", channel="C1", text="x", metadata=metadata).body
    assert response["message"]["metadata"] == metadata


@pytest.mark.parametrize(
    ("attachments", "sentence"),
    [
        (
            [{"blocks": [SECTION, {"type": "section"}]}],
            "must define either `text` or `fields` [json-pointer:/attachments/0/blocks/1]",
        ),
        (
            [{"text": "a"}, {"blocks": [{"type": "banner"}]}],
            "unsupported type: banner [json-pointer:/attachments/1/blocks/0/type]",
        ),
        ([{"blocks": [SECTION], "text": "a"}], "invalid additional property: text [json-pointer:/attachments/0/text]"),
        ([{"blocks": {}}], "must provide an array [json-pointer:/attachments/0/blocks]"),
        (["a"], "must provide an object [json-pointer:/attachments/0]"),
    ],
)
def test_invalid_attachment_is_refused_with_its_path(
    any_server: SandboxClient, attachments: list[Any], sentence: str
) -> None:
    response = any_server("chat.postMessage", channel="C1", text="x", attachments=attachments).body
    assert (response["error"], response["errors"]) == ("invalid_attachments", [sentence])


def test_attachments_are_kept_in_the_history(any_server: SandboxClient) -> None:
    attachments = [{"color": "#2eb886", "text": "up"}, {"fallback": "down", "blocks": [SECTION]}]
    assert any_server("chat.postMessage", channel="C1", text="", attachments=attachments).body["ok"] is True
    (message,) = any_server("conversations.history", channel="C1").body["messages"]
    assert [entry["fallback"] for entry in message["attachments"]] == ["[no preview available]", "down"]
    assert message["attachments"][1]["blocks"] == [SECTION]


def test_second_table_of_a_message_is_refused(any_server: SandboxClient) -> None:
    table = {"type": "table", "rows": [[{"type": "raw_text", "text": "a"}]]}
    response = any_server("chat.postMessage", channel="C1", text="x", blocks=[table], attachments=[{"blocks": [table]}])
    assert (response.body["error"], response.body["errors"]) == ("invalid_attachments", ["only_one_table_allowed"])
    assert any_server("chat.postMessage", channel="C1", text="x", blocks=[table]).body["ok"] is True
