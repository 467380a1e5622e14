"""Slack's size limits: texts that are shortened or moved to blocks, and messages that are refused."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schedbot.errors import ReportFailed
from schedbot.model import Message, Report
from schedbot.reports import render
from schedbot.reports.limits import enforce
from schedbot.rules.block_kit import utf16_length


def text(content: str, kind: str = "mrkdwn") -> dict[str, str]:
    return {"type": kind, "text": content}


def section(content: str) -> dict[str, Any]:
    return {"type": "section", "text": text(content)}


def refusal(*blocks: dict[str, Any]) -> str:
    with pytest.raises(ReportFailed) as refused:
        enforce(Message("text", blocks))
    return str(refused.value)


def test_text_of_4000_characters_is_unchanged() -> None:
    words = "a" * 4_000
    assert render(Report("text", words), {}) == Message(words)


def test_text_keeps_its_markup() -> None:
    assert render(Report("text", "*Hi* <!here> & {{ x }}"), {}) == Message("*Hi* <!here> & {{ x }}")


def test_longer_text_moves_to_blocks_complete() -> None:
    lines = [f"line {number} of the report" for number in range(400)]
    message = enforce(Message("\n".join(lines)))
    pieces = [block["text"]["text"] for block in message.blocks]
    assert "\n".join(pieces).split("\n") == lines
    assert all(len(piece) <= 3_000 for piece in pieces)
    assert len(message.text) <= 4_000
    assert message.text.endswith("of the report…")


def test_text_beside_blocks_is_shortened_to_4000() -> None:
    message = enforce(Message("word " * 1_000, (section("all of it"),)))
    assert (len(message.text) <= 4_000, message.text[-5:], len(message.blocks)) == (True, "word…", 1)


def test_emoji_counts_as_two_characters() -> None:
    message = enforce(Message("🙂" * 2_001))
    assert utf16_length(message.text) <= 4_000
    assert message.blocks


@pytest.mark.parametrize("message", [Message(""), Message(" \n "), Message("", ())])
def test_empty_message_is_refused(message: Message) -> None:
    with pytest.raises(ReportFailed, match="message is empty"):
        enforce(message)


def test_blocks_without_text_are_refused() -> None:
    with pytest.raises(ReportFailed, match="have no text"):
        enforce(Message("", ({"type": "divider"},)))


@pytest.mark.parametrize(
    ("block", "problem"),
    [
        pytest.param({"type": "section"}, "Block 2 (section): /blocks/1 needs text or fields.", id="empty section"),
        pytest.param(
            {"type": "context", "elements": [{"type": "image", "image_url": "https://x.example/i.png"}]},
            "Block 2 (context): /blocks/1/elements/0/alt_text is missing, and Slack requires it.",
            id="picture in a context",
        ),
        pytest.param(
            {"type": "actions", "elements": [{"type": "button", "text": text("a" * 76, "plain_text")}]},
            "Block 2 (actions): /blocks/1/elements/0/text/text has 76 characters; Slack allows 75.",
            id="button",
        ),
        pytest.param(
            {"type": "image", "image_url": "https://x.example/i.png"},
            "Block 2 (image): /blocks/1/alt_text is missing, and Slack requires it.",
            id="picture",
        ),
        pytest.param(
            {"type": "image", "image_url": "https://x.example/i.png", "alt_text": "a" * 2_001},
            "Block 2 (image): /blocks/1/alt_text has 2,001 characters; Slack allows 2,000.",
            id="alt_text",
        ),
        pytest.param(
            {"type": "table", "rows": [[text("a", "raw_text")] * 21]},
            "Block 2 (table): /blocks/1/rows/0 has 21 entries; Slack allows 20.",
            id="cells",
        ),
        pytest.param(
            {"type": "divider", "block_id": "b" * 256},
            "Block 2 (divider): /blocks/1/block_id has 256 characters; Slack allows 255.",
            id="block_id",
        ),
        pytest.param(
            {"text": text("a")}, "Block 2 (no type): /blocks/1/type is missing, and Slack requires it.", id="no type"
        ),
        pytest.param(
            {"type": "context", "elements": "a"}, "Block 2 (context): /blocks/1/elements is not a list.", id="no list"
        ),
    ],
)
def test_invalid_block_is_refused_with_the_limit(block: dict[str, Any], problem: str) -> None:
    assert refusal({"type": "divider"}, block) == problem


def test_unknown_block_type_is_allowed() -> None:
    new = {"type": "hologram", "text": "hello", "elements": "any"}
    assert enforce(Message("text", (new,))).blocks == (new,)


JSON = st.recursive(
    st.none() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["type", "text", "elements"]), inner),
    max_leaves=6,
)
KINDS = ["header", "section", "context", "image", "actions", "table", "rich_text", "rich_text_section", "markdown"]
PARTS = st.dictionaries(st.sampled_from(["text", "fields", "elements", "accessory", "rows", "block_id"]), JSON)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(KINDS), PARTS)
def test_any_block_is_accepted_or_refused_with_a_reason(kind: str, parts: dict[str, Any]) -> None:
    block = {"type": kind, **parts}
    try:
        message = enforce(Message("", (block, {"type": "rich_text", "elements": [block]})))
    except ReportFailed as refused:
        message = Message(str(refused))
    assert message.text.strip()
