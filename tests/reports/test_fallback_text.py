"""Text of blocks for notifications: complete and in order."""

from typing import Any

import pytest

from schedbot.model import Message
from schedbot.reports.limits import enforce


def mrkdwn(text: str) -> dict[str, str]:
    return {"type": "mrkdwn", "text": text}


def plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}


def rich(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": list(elements)}]}


@pytest.mark.parametrize(
    ("block", "text"),
    [
        pytest.param({"type": "header", "text": {"type": "plain_text", "text": "Week"}}, "Week", id="header"),
        pytest.param({"type": "section", "text": mrkdwn("*a* &amp; b")}, "*a* &amp; b", id="section"),
        pytest.param({"type": "section", "text": mrkdwn("<!here> a")}, "<!here> a", id="mention in markup"),
        pytest.param(
            {"type": "header", "text": plain("<!channel>")}, "&lt;!channel&gt;", id="plain text is no mention"
        ),
        pytest.param(rich({"type": "text", "text": "<!channel>"}), "&lt;!channel&gt;", id="rich text is no mention"),
        pytest.param({"type": "section", "fields": [mrkdwn("a"), mrkdwn("b")]}, "a\nb", id="fields"),
        pytest.param(
            {"type": "section", "text": mrkdwn("a"), "accessory": {"type": "button", "text": plain("Go")}},
            "a\nGo",
            id="accessory",
        ),
        pytest.param({"type": "context", "elements": [mrkdwn("a"), mrkdwn("b")]}, "a\nb", id="context"),
        pytest.param(
            {"type": "image", "image_url": "https://x.example", "alt_text": "A chart"}, "A chart", id="picture"
        ),
        pytest.param(
            {"type": "image", "image_url": "https://x.example", "title": plain("Sales"), "alt_text": "A chart"},
            "Sales",
            id="titled picture",
        ),
        pytest.param({"type": "actions", "elements": [{"type": "button", "text": plain("Go")}]}, "Go", id="button"),
        pytest.param({"type": "markdown", "text": "# Week"}, "# Week", id="markdown"),
        pytest.param(
            rich({"type": "text", "text": "a "}, {"type": "user", "user_id": "U1"}, {"type": "emoji", "name": "wave"}),
            "a <@U1>:wave:",
            id="rich text",
        ),
        pytest.param(
            rich({"type": "link", "url": "https://x.example"}, {"type": "broadcast", "range": "here"}),
            "https://x.example@here",
            id="links and broadcasts",
        ),
        pytest.param(
            {"type": "table", "rows": [[{"type": "raw_text", "text": cell} for cell in row] for row in ("ab", "cd")]},
            "a | b\nc | d",
            id="table",
        ),
    ],
)
def test_block_has_a_fallback_text(block: dict[str, Any], text: str) -> None:
    assert enforce(Message("", (block,))).text == text


def test_fallback_text_keeps_the_order_of_blocks() -> None:
    blocks = (
        {"type": "section", "text": mrkdwn("one")},
        {"type": "divider"},
        {"type": "section", "text": mrkdwn("two")},
    )
    assert enforce(Message("", blocks)).text == "one\ntwo"


def test_own_text_takes_precedence() -> None:
    assert enforce(Message("mine", ({"type": "section", "text": mrkdwn("theirs")},))).text == "mine"
