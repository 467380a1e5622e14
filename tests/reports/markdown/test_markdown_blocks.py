"""Markdown of reports: Slack's markdown block, and other blocks for what it lacks."""

from typing import Any

import pytest

from schedbot.model import Message
from schedbot.reports.limits import enforce
from schedbot.reports.long_content.divide_markdown import split_markdown
from schedbot.reports.markdown.blocks import build_blocks
from schedbot.reports.markdown.segments import find_segments

TEXT = "# Week\n\nA [link](https://x.example) and *more*.\n\n- one\n  - two\n\n> quote\n\n```py\na\n\nb\n```\n"
SOURCE = f"{TEXT}\n| a | b |\n|---|--:|\n| 1 | 2 |\n\n---\n\n[ref]: https://x.example\n\n1. z\n"


def test_segments_are_the_whole_text() -> None:
    assert "".join(segment.source for segment in find_segments(SOURCE)) == SOURCE


def test_text_stays_one_markdown_block() -> None:
    assert build_blocks(TEXT) == [{"type": "markdown", "text": TEXT.strip("\n")}]


def test_line_table_and_picture_become_blocks_of_their_own() -> None:
    blocks = build_blocks(f"{SOURCE}\n![A](a.png)\n\n![B](b.png)\n", ["a.png"])
    assert [block["type"] for block in blocks] == ["markdown", "table", "divider", "markdown", "image", "markdown"]
    assert blocks[1]["column_settings"] == [{"align": "left"}, {"align": "right"}]
    assert blocks[-1]["text"] == "![B](b.png)"


def test_boxes_of_tasks_become_signs() -> None:
    (block,) = build_blocks("- [ ] open\n- [x] done\n  1. [X] too\n\n[x] text\n")
    assert block["text"] == "- ☐ open\n- ☑ done\n  1. ☑ too\n\n[x] text"


def cell(source: str) -> Any:
    (table,) = build_blocks(f"| a |\n|---|\n| {source} |\n")
    (value,) = table["rows"][1]
    return value["text"] if value["type"] == "raw_text" else value["elements"][0]["elements"]


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("12", "12"),
        ("", " "),
        ("a \\| b &amp; c", "a | b & c"),
        ("&lt;!channel&gt; &lt;@U0123456789&gt;", "<!channel> <@U0123456789>"),
        ("`<!here>`", [{"type": "text", "text": "<!here>", "style": {"code": True}}]),
        ("**b**", [{"type": "text", "text": "b", "style": {"bold": True}}]),
        ("[x](https://x.example)", [{"type": "link", "url": "https://x.example", "text": "x"}]),
        (":tada: 10:30:45", [{"type": "emoji", "name": "tada"}, {"type": "text", "text": " 10:30:45"}]),
        ("<@U0123456789>", [{"type": "user", "user_id": "U0123456789"}]),
        ("<!here>", [{"type": "broadcast", "range": "here"}]),
    ],
)
def test_cell_of_a_table_is_shown_as_slack_would(source: str, shown: Any) -> None:
    assert cell(source) == shown


def test_table_that_is_too_wide_is_shown_as_written() -> None:
    row = "|" + " x |" * 21
    (block,) = build_blocks(f"{row}\n{'|' + '---|' * 21}\n{row}\n")
    assert block["text"]["text"].startswith(f"```\n{row}")


def test_long_markdown_is_cut_between_its_parts() -> None:
    items = [f"- item {number} of the [list](https://x.example/{number})" for number in range(500)]
    code = ["```py", *(f"line {number}" for number in range(2_000)), "```"]
    rows = [f"| row {number} | {number} |" for number in range(900)]
    text = "\n".join([*items, "", *code, "", "| a | b |", "|---|--:|", *rows, "", "the end " * 2_000])
    pieces = split_markdown(text, 12_000)
    assert all(len(piece) <= 12_000 and piece.count("```") % 2 == 0 for piece in pieces)
    lines = [line for piece in pieces for line in piece.split("\n")]
    assert [line for line in lines if line.startswith("- ")] == items
    assert [line for line in lines if line.startswith("line ")] == code[1:-1]
    assert [line for line in lines if line.startswith("| row")] == rows
    assert lines.count("| a | b |") == lines.count("|---|--:|") == sum("| row" in piece for piece in pieces)
    assert " ".join(pieces).count("the end") == 2_000


def test_markdown_beyond_a_message_goes_on_in_the_thread() -> None:
    blocks = build_blocks("\n\n".join(f"paragraph {number} " + "word " * 100 for number in range(60)))
    message = enforce(Message("s", blocks))
    texts = [block["text"] for part in (message, *message.continuation) for block in part.blocks]
    assert "\n\n".join(texts).count("paragraph") == 60
    assert len(texts) == len(message.continuation) + 1 == 3
