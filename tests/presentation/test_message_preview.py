"""Previews of messages for the terminal."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from schedbot.model import Message
from schedbot.posts import RenderedFile
from schedbot.presentation.message.markup import to_plain_text
from schedbot.presentation.message.preview import preview_lines


def mrkdwn(text: str) -> dict[str, str]:
    return {"type": "mrkdwn", "text": text}


def test_text_is_previewed_line_by_line() -> None:
    assert preview_lines(Message("*Monday*\nall *well* &amp; <https://x.example|here>")) == [
        ("bold", "Monday"),
        ("plain", "all well & here (https://x.example)"),
    ]


@pytest.mark.parametrize(
    ("markup", "shown"),
    [
        ("*bold* _italic_ ~gone~", "bold italic gone"),
        ("snake_case_name and 2*3*4", "snake_case_name and 2*3*4"),
        ("<https://x.example>", "https://x.example"),
        ("<mailto:a@x.example|a@x.example>", "a@x.example (mailto:a@x.example)"),
        ("<!here> <!channel|channel> <@U123> <@U123|ann>", "@here @channel @U123 @ann"),
        ("<#C123|reports> <!subteam^S1|@team>", "#reports @team"),
        ("&lt;!channel&gt; &amp;amp;", "<!channel> &amp;"),
        ("a\x1b[31mred\x07", "a[31mred"),
    ],
)
def test_markup_becomes_plain_text(markup: str, shown: str) -> None:
    assert to_plain_text(markup) == shown


@pytest.mark.parametrize(
    ("block", "lines"),
    [
        pytest.param({"type": "header", "text": mrkdwn("Week")}, [("bold", "Week")], id="header"),
        pytest.param({"type": "divider"}, [("dim", "─" * 20)], id="divider"),
        pytest.param(
            {"type": "section", "text": mrkdwn("a\n\nb")}, [("plain", "a"), ("plain", ""), ("plain", "b")], id="text"
        ),
        pytest.param(
            {"type": "section", "fields": [mrkdwn("*Open*\n12"), mrkdwn("*Closed*\n31"), mrkdwn("odd")]},
            [("bold", "Open       Closed"), ("plain", "12         31"), ("plain", "odd")],
            id="fields in two columns",
        ),
        pytest.param({"type": "context", "elements": [mrkdwn("a"), mrkdwn("b")]}, [("dim", "a  b")], id="context"),
        pytest.param({"type": "image", "alt_text": "Sales"}, [("dim", "[picture: Sales]")], id="picture"),
        pytest.param({"type": "image", "alt_text": "*a* <!b>\x1b"}, [("dim", "[picture: *a* <!b>]")], id="alt text"),
        pytest.param(
            {"type": "actions", "elements": [{"type": "button", "text": mrkdwn("Go"), "url": "https://x.co"}]},
            [("link", "[Go] (https://x.co)")],
            id="button",
        ),
        pytest.param({"type": "markdown", "text": "hello"}, [("plain", "hello")], id="other types by their text"),
    ],
)
def test_block_is_previewed(block: dict[str, Any], lines: list[tuple[str, str]]) -> None:
    assert preview_lines(Message("text", (block,)), 20) == lines


def test_long_lines_wrap_at_the_width() -> None:
    lines = preview_lines(Message("text", ({"type": "section", "text": mrkdwn("word " * 50)},)), 40)
    assert [len(line) for _, line in lines] == [39] * 6 + [9]


JAPANESE = "先週の売上は前年比で増加しました。" * 10


@pytest.mark.parametrize(
    "block",
    [
        {"type": "section", "text": mrkdwn(JAPANESE)},
        {"type": "section", "text": mrkdwn(f"Sales: {JAPANESE} total")},
        {"type": "section", "fields": [mrkdwn(JAPANESE), mrkdwn("🎉" * 90)]},
        {"type": "header", "text": mrkdwn("한국어 " * 60)},
        {"type": "context", "elements": [mrkdwn("x" * 39 + "売" * 50)]},
    ],
)
@pytest.mark.parametrize("width", [20, 59, 60])
def test_wide_letters_fit_the_width(block: dict[str, Any], width: int) -> None:
    lines = [line for _, line in preview_lines(Message("text", (block,)), width)]
    assert max(map(cell_len, lines)) in (width - 2, width - 1, width)
    assert "".join("".join(lines).split()).count("売") == str(block).count("売")


def test_short_words_beside_wide_letters_are_not_broken() -> None:
    lines = [line for _, line in preview_lines(Message("Total 売上 sales and revenue 前年比 of 2026"), 12)]
    assert lines == ["Total 売上", "sales and", "revenue 前年", "比 of 2026"]


JSON = st.recursive(
    st.none() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["type", "text", "elements"]), inner),
    max_leaves=6,
)
KINDS = st.sampled_from(["header", "section", "context", "image", "actions", "table", "rich_text", "new"])
PARTS = st.dictionaries(st.sampled_from(["text", "fields", "elements", "alt_text", "accessory", "rows"]), JSON)


@settings(max_examples=300, deadline=None)
@given(KINDS, PARTS)
def test_no_block_sends_control_characters_to_the_terminal(kind: str, parts: dict[str, Any]) -> None:
    for style, line in preview_lines(Message("text", ({"type": kind, **parts},)), 40):
        assert style in ("plain", "bold", "dim", "link")
        assert not any(ord(char) < 32 or 0x7F <= ord(char) < 0xA0 for char in line)


def test_date_is_previewed_by_its_fallback() -> None:
    assert to_plain_text("<!date^0^{date}|1 Jan 1970> <!subteam^S0123456789>") == "1 Jan 1970 @S0123456789"


def table(*rows: list[str]) -> dict[str, Any]:
    return {"type": "table", "rows": [[{"type": "raw_text", "text": cell} for cell in row] for row in rows]}


def test_table_is_drawn_with_its_borders_and_complete() -> None:
    block = {**table(["day", "orders"], ["Monday", "12"]), "column_settings": [{}, {"align": "right"}]}
    lines = [line for _, line in preview_lines(Message("t", (block,)), 40)]
    assert lines == ["┌──────┬──────┐", "│day   │orders│", "├──────┼──────┤", "│Monday│    12│", "└──────┴──────┘"]
    narrow = [line for _, line in preview_lines(Message("t", (table(["a", "word " * 30]),)), 20)]
    assert max(map(len, narrow)) <= 20
    assert "".join(narrow).count("word") == 30


def test_parts_and_files_are_shown_below_the_message() -> None:
    picture = {"type": "image", "slack_file": {"name": "a.png"}, "alt_text": "Revenue"}
    files = [RenderedFile("", "a.png", 34_000, is_picture=True), RenderedFile("", "b.csv", 120, title="Sales")]
    message = Message("s", (picture,), files=files, continuation=(Message("more"), Message("end")))
    assert [line for _, line in preview_lines(message, 50)] == [
        "[picture: Revenue (a.png, 34 kB)]",
        "── message 2 of 3, in the thread ─────────────────",
        "more",
        "── message 3 of 3, in the thread ─────────────────",
        "end",
        "── files, in the thread ──────────────────────────",
        "[file: Sales: b.csv, 120 bytes]",
    ]


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        (":tada: :+1::skin-tone-3: :no_such: 10:30:45 `:tada:`", "🎉 👍🏼 :no_such: 10:30:45 `:tada:`"),
        ("<!date^1796652000^{date_long} at {time}|then>", "Monday, December 7th, 2026 at 9:00 AM"),
        ("<!date^1796652000^{date_short_pretty}^https://x.example|then>", "Dec 7, 2026"),
        ("<!date^1796652000^{ago}|then> <!date^x^{date}|that>", "then that"),
    ],
)
def test_emoji_and_dates_are_shown_as_slack_does(source: str, shown: str) -> None:
    assert preview_lines(Message(source), 80, ZoneInfo("America/New_York")) == [("plain", shown)]


def test_markdown_block_is_shown_with_its_signs() -> None:
    text = "# Week **1**\n\n- **Orders**: [12](https://x.example)\n> ok\n```py\na = **b\n```"
    lines = preview_lines(Message("t", ({"type": "markdown", "text": text},)), 60)
    assert lines == [
        ("bold", "Week 1"),
        ("plain", ""),
        ("plain", "• Orders: 12 (https://x.example)"),
        ("plain", "│ ok"),
        ("plain", "a = **b"),
    ]
