"""Long content: several messages within Slack's limits that have all of it, whole and in order."""

import random
import re
import time
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from schedbot.errors import ReportFailed
from schedbot.model import Message
from schedbot.reports import block_checks
from schedbot.reports.limits import MAX_PARTS, enforce
from schedbot.rules.block_kit import utf16_length

Block = Mapping[str, Any]
DIVIDER = {"type": "divider"}
WITHOUT_SHRINKING = (Phase.explicit, Phase.reuse, Phase.generate)  # a smaller seed is no smaller message
WORD = re.compile(r"[a-z0-9🙂]+")


def text(content: str, kind: str = "mrkdwn") -> dict[str, str]:
    return {"type": kind, "text": content}


def section(content: str) -> Block:
    return {"type": "section", "text": text(content)}


def table(count: int, cell: str = "x") -> Block:
    header = [text("day", "raw_text"), text("orders", "raw_text")]
    rows = [[text(f"row{number}", "raw_text"), text(cell, "raw_text")] for number in range(count)]
    return {"type": "table", "rows": [header, *rows], "column_settings": [{"align": "left"}, {"align": "right"}]}


def parts_of(message: Message) -> list[Message]:
    """Return all messages of a report, each checked by the rules of Slack."""
    parts = [message, *message.continuation]
    for part in parts:
        block_checks.check(part)
        assert utf16_length(part.text) <= 4_000
        assert part.text.strip() or all(attachment.get("fallback") for attachment in part.attachments)
    return parts


def blocks_of(message: Message) -> list[Block]:
    return [block for part in parts_of(message) for block in part.blocks]


def words_of(value: Any) -> list[str]:
    """Return all words of blocks, in order."""
    if isinstance(value, Mapping):
        return [word for key, entry in value.items() if key != "type" for word in words_of(entry)]
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [word for entry in value for word in words_of(entry)]
    return WORD.findall(value) if isinstance(value, str) else []


def test_text_of_200_kb_arrives_whole_and_in_order() -> None:
    lines = [f"line {number} of the report :tada: <https://x.example/{number}|open>" for number in range(3_300)]
    message = enforce(Message("\n".join(lines)))
    shown = "\n".join(block["text"]["text"] for block in blocks_of(message))
    assert shown.split("\n") == lines
    assert len(message.continuation) < 20


@pytest.mark.parametrize(
    ("block", "counts"),
    [
        pytest.param(section("word " * 1_000), ["text"] * 2, id="section"),
        pytest.param({"type": "section", "fields": [text(f"f{n}") for n in range(25)]}, ["fields"] * 3, id="fields"),
        pytest.param(
            {"type": "section", "text": text("a"), "fields": [text("b"), text("word " * 500), text("c")]},
            ["text", "fields", "text", "fields"],
            id="long field",
        ),
        pytest.param({"type": "header", "text": text("word " * 50, "plain_text")}, ["text"] * 2, id="header"),
        pytest.param({"type": "context", "elements": [text("a")] * 21}, ["elements"] * 3, id="context"),
        pytest.param(
            {"type": "actions", "elements": [{"type": "button", "text": text("Go", "plain_text")}] * 26},
            ["elements"] * 2,
            id="actions",
        ),
        pytest.param(table(400), ["rows"] * 5, id="rows"),
        pytest.param(table(9, "word " * 300), ["rows"] * 2, id="cells"),
        pytest.param(table(1, "word " * 3_000), ["rows"] * 3, id="one large cell"),
        pytest.param({"type": "markdown", "text": "a paragraph\n\n" * 1_000}, ["text"] * 2, id="markdown"),
    ],
)
def test_large_block_becomes_several(block: Block, counts: list[str]) -> None:
    blocks = blocks_of(enforce(Message("summary", [{**block, "block_id": "b"}, DIVIDER])))
    assert [part["type"] for part in blocks] == [block["type"]] * len(counts) + ["divider"]
    assert [
        next(key for key in part if key in ("text", "fields", "elements", "rows")) for part in blocks[:-1]
    ] == counts
    assert [part.get("block_id") for part in blocks] == ["b", *[None] * len(counts)]


def test_table_repeats_its_header_and_keeps_all_rows() -> None:
    blocks = blocks_of(enforce(Message("summary", [table(400)])))
    assert [block["rows"][0][0]["text"] for block in blocks] == ["day"] * 5
    assert [row[0]["text"] for block in blocks for row in block["rows"][1:]] == [f"row{n}" for n in range(400)]
    assert all(block["column_settings"][1] == {"align": "right"} for block in blocks)


def test_each_table_has_a_message_of_its_own() -> None:
    message = enforce(
        Message("summary", [table(3), section("between"), table(2)], attachments=[{"blocks": [table(1)]}])
    )
    assert [[block["type"] for block in part.blocks] for part in parts_of(message)] == [
        ["table", "section"],
        ["table"],
        [],
    ]


def test_fifty_one_blocks_are_two_messages() -> None:
    message = enforce(Message("summary", [section(f"b{number}") for number in range(51)]))
    assert [len(part.blocks) for part in parts_of(message)] == [50, 1]
    assert [part.text for part in parts_of(message)] == ["summary", "b50"]


def test_header_goes_with_the_block_below_it() -> None:
    header = {"type": "header", "text": text("Refunds", "plain_text")}
    first, second = parts_of(enforce(Message("s", [*[section("a" * 3_000)] * 4, header, section("b" * 2_900)])))
    assert (len(first.blocks), [block["type"] for block in second.blocks]) == (4, ["header", "section"])


def test_part_without_words_still_has_a_text() -> None:
    first, second = parts_of(enforce(Message("s", [DIVIDER] * 60)))
    assert (first.text, second.text) == ("s", "…")


def test_attachments_follow_the_blocks() -> None:
    long = {"color": "good", "title": "T", "text": "word " * 3_000, "footer": "end"}
    blocks = {"color": "danger", "blocks": [section("b" * 3_000)] * 6}
    message = enforce(Message("s", [section("a" * 3_000)] * 4, attachments=[long, blocks, *[{"text": "x"}] * 100]))
    attachments = [attachment for part in parts_of(message) for attachment in part.attachments]
    green = [attachment for attachment in attachments if attachment.get("color") == "good"]
    assert " ".join(part["text"] for part in green).split() == ["word"] * 3_000
    assert (green[0]["title"], green[-1]["footer"]) == ("T", "end")
    assert not any("title" in part or "footer" in part for part in green[1:-1])
    assert sum(len(part["blocks"]) for part in attachments if part.get("color") == "danger") == 6
    assert sum(attachment.get("text") == "x" for attachment in attachments) == 100
    assert message.blocks[0] == section("a" * 3_000)


def test_too_many_messages_are_refused_with_a_way_out() -> None:
    with pytest.raises(ReportFailed, match=f"needs more than {MAX_PARTS} messages") as refused:
        enforce(Message("word " * 400_000))
    assert "csv_file" in refused.value.hint


def test_fault_in_a_divided_report_names_its_block() -> None:
    with pytest.raises(ReportFailed, match=r"^Block 3 \(image\): /blocks/2/alt_text is missing"):
        enforce(Message("s", [section("a" * 9_000), table(400), {"type": "image", "image_url": "https://x.example/a"}]))


def test_dividing_takes_linear_time() -> None:
    def measure(size: int) -> float:
        begin = time.process_time()
        enforce(Message("s", [section("wörd 🙂 <https://x.example|a> \n" * size), table(size)]))
        return time.process_time() - begin

    measure(500)
    small, large = measure(1_000), measure(4_000)
    assert large < 12 * small + 0.5  # 4 times the content; quadratic time would be 16 times


INLINE = ("word", "🙂", ":tada:", "<https://x.example/a|the label>", "&amp;", "`code x`", "👩‍👩‍👧", "🇩🇪", "long" * 30)
WHOLE = re.compile(r"<[^<>]*(?:>|$)|&(?:amp|lt|gt);|&\w*|:\w+:|`[^`\n]*(?:`|$|\n)|👩‍👩‍👧|🇩🇪|👩|👧|[🇩🇪]")


def make_lines(choose: random.Random) -> str:
    """Return lines of words, links and emoji; drawing each by hypothesis would take minutes."""
    lines = [" ".join(choose.choices(INLINE, k=choose.randint(1, 90))) for _ in range(choose.randint(1, 30))]
    return "\n".join(lines)


def make_block(choose: random.Random) -> Block:
    words, many = make_lines(choose), [text(make_lines(choose)) for _ in range(choose.randint(1, 15))]
    rich = {"type": "rich_text_section", "elements": [text(part["text"], "text") for part in many]}
    return choose.choice(
        [
            DIVIDER,
            section(words),
            {"type": "header", "text": text(words, "plain_text")},
            {"type": "section", "fields": many},
            {"type": "context", "elements": many},
            {"type": "rich_text", "elements": [rich]},
            {"type": "markdown", "text": words},
        ]
    )


@settings(max_examples=10, deadline=None, phases=WITHOUT_SHRINKING)
@given(st.integers(1, 5), st.integers(0))
def test_messages_have_all_words_in_order(count: int, seed: int) -> None:
    choose = random.Random(seed)
    blocks = [make_block(choose) for _ in range(count)]
    assert words_of(blocks_of(enforce(Message("summary", blocks)))) == words_of(blocks)


@settings(max_examples=10, deadline=None, phases=WITHOUT_SHRINKING)
@given(st.integers(0))
def test_no_link_emoji_or_code_is_cut(seed: int) -> None:
    content = make_lines(random.Random(seed)).replace("\n", " " if seed % 2 else "\n")
    shown = [block["text"]["text"] for block in blocks_of(enforce(Message("s", [section(content)])))]
    assert [whole for piece in shown for whole in WHOLE.findall(piece)] == WHOLE.findall(content)
