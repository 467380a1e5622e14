"""What blocks say as text: complete and in order, for those who get nothing of the blocks."""

from typing import Any

import pytest

from schedbot.model import Message
from schedbot.reports.limits import keep


def mrkdwn(words: str) -> dict[str, str]:
    return {"type": "mrkdwn", "text": words}


def rich(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": list(elements)}]}


@pytest.mark.parametrize(
    ("block", "words"),
    [
        pytest.param({"type": "header", "text": {"type": "plain_text", "text": "Week"}}, "Week", id="header"),
        pytest.param({"type": "section", "text": mrkdwn("*a* &amp; b")}, "*a* &amp; b", id="section"),
        pytest.param({"type": "section", "fields": [mrkdwn("a"), mrkdwn("b")]}, "a\nb", id="fields"),
        pytest.param(
            {"type": "section", "text": mrkdwn("a"), "accessory": {"type": "button", "text": mrkdwn("Go")}},
            "a\nGo",
            id="accessory",
        ),
        pytest.param({"type": "context", "elements": [mrkdwn("a"), mrkdwn("b")]}, "a\nb", id="context"),
        pytest.param(
            {"type": "image", "image_url": "https://x.example", "alt_text": "A chart"}, "A chart", id="picture"
        ),
        pytest.param({"type": "image", "title": mrkdwn("Sales"), "alt_text": "A chart"}, "Sales", id="titled picture"),
        pytest.param({"type": "actions", "elements": [{"type": "button", "text": mrkdwn("Go")}]}, "Go", id="button"),
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
            {"type": "table", "rows": [[{"type": "raw_text", "text": one} for one in row] for row in ("ab", "cd")]},
            "a | b\nc | d",
            id="table",
        ),
    ],
)
def test_a_block_is_told_in_words(block: dict[str, Any], words: str) -> None:
    assert keep(Message("", (block,))).text == words


def test_all_blocks_are_told_in_order() -> None:
    blocks = (
        {"type": "section", "text": mrkdwn("one")},
        {"type": "divider"},
        {"type": "section", "text": mrkdwn("two")},
    )
    assert keep(Message("", blocks)).text == "one\ntwo"


def test_a_text_of_the_authors_own_goes_before() -> None:
    assert keep(Message("mine", ({"type": "section", "text": mrkdwn("theirs")},))).text == "mine"
