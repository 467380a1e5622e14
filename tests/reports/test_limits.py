"""Slack's sizes: what is shortened or spread over blocks, and what is refused, with its length and the bound."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schedbot.errors import ReportFailed
from schedbot.model import Message, Report
from schedbot.reports import render
from schedbot.reports.limits import keep
from schedbot.reports.splitting import cut, shortened, size


def text(words: str, kind: str = "mrkdwn") -> dict[str, str]:
    return {"type": kind, "text": words}


def section(words: str) -> dict[str, Any]:
    return {"type": "section", "text": text(words)}


def refusal(*blocks: dict[str, Any]) -> str:
    with pytest.raises(ReportFailed) as refused:
        keep(Message("text", blocks))
    return str(refused.value)


def test_a_text_of_4000_characters_is_posted_as_it_is() -> None:
    words = "a" * 4_000
    assert render(Report("text", words), {}) == Message(words)


def test_a_text_is_posted_as_its_author_wrote_it() -> None:
    assert render(Report("text", "*Hi* <!here> & {{ x }}"), {}) == Message("*Hi* <!here> & {{ x }}")


def test_a_longer_text_is_whole_in_its_blocks_and_shortened_for_notifications() -> None:
    lines = [f"line {number} of the report" for number in range(400)]
    message = keep(Message("\n".join(lines)))
    pieces = [block["text"]["text"] for block in message.blocks]
    assert "\n".join(pieces).split("\n") == lines
    assert all(len(piece) <= 3_000 for piece in pieces)
    assert len(message.text) <= 4_000
    assert message.text.endswith("of the report…")


def test_a_text_beside_blocks_is_shortened_to_4000() -> None:
    message = keep(Message("word " * 1_000, (section("all of it"),)))
    assert (len(message.text) <= 4_000, message.text[-5:], len(message.blocks)) == (True, "word…", 1)


def test_an_emoji_counts_as_two_since_slack_may_count_so() -> None:
    message = keep(Message("🙂" * 2_001))
    assert size(message.text) <= 4_000
    assert message.blocks


def test_a_text_that_no_message_holds_is_refused_with_its_length() -> None:
    with pytest.raises(ReportFailed, match=r"has 20,\d\d\d characters.*holds 13,000"):
        keep(Message("a" * 20_000))


@pytest.mark.parametrize("message", [Message(""), Message(" \n "), Message("", ())])
def test_an_empty_message_is_refused(message: Message) -> None:
    with pytest.raises(ReportFailed, match="empty message"):
        keep(message)


def test_blocks_without_words_are_refused() -> None:
    with pytest.raises(ReportFailed, match="hold no words"):
        keep(Message("", ({"type": "divider"},)))


@pytest.mark.parametrize(
    ("block", "said"),
    [
        pytest.param(
            section("a" * 3_001), "Block 2 (section): 'text' has 3,001 characters; Slack takes 3,000.", id="section"
        ),
        pytest.param(
            {"type": "section", "fields": [text("a"), text("a" * 2_001)]},
            "Block 2 (section): entry 2 of 'fields' has 2,001 characters; Slack takes 2,000.",
            id="field",
        ),
        pytest.param(
            {"type": "section", "fields": [text("a")] * 11},
            "Block 2 (section): 'fields' has 11 entries; Slack takes 10.",
            id="fields",
        ),
        pytest.param({"type": "section"}, "Block 2 (section): a section needs 'text' or 'fields'.", id="empty section"),
        pytest.param(
            {"type": "header", "text": text("a" * 151, "plain_text")},
            "Block 2 (header): 'text' has 151 characters; Slack takes 150.",
            id="header",
        ),
        pytest.param(
            {"type": "context", "elements": [text("a")] * 11},
            "Block 2 (context): 'elements' has 11 entries; Slack takes 10.",
            id="context",
        ),
        pytest.param(
            {"type": "context", "elements": [{"type": "image", "image_url": "https://x.example/i.png"}]},
            "Block 2 (context): entry 1 of 'elements': 'alt_text' is missing, and Slack requires it.",
            id="picture in a context",
        ),
        pytest.param(
            {"type": "actions", "elements": [{"type": "button", "text": text("Go")}] * 26},
            "Block 2 (actions): 'elements' has 26 entries; Slack takes 25.",
            id="actions",
        ),
        pytest.param(
            {"type": "actions", "elements": [{"type": "button", "text": text("a" * 76)}]},
            "Block 2 (actions): entry 1 of 'elements': 'text' has 76 characters; Slack takes 75.",
            id="button",
        ),
        pytest.param(
            {"type": "image", "image_url": "https://x.example/i.png"},
            "Block 2 (image): 'alt_text' is missing, and Slack requires it.",
            id="picture",
        ),
        pytest.param(
            {"type": "image", "image_url": "https://x.example/i.png", "alt_text": "a" * 2_001},
            "Block 2 (image): 'alt_text' has 2,001 characters; Slack takes 2,000.",
            id="alt_text",
        ),
        pytest.param(
            {"type": "table", "rows": [[text("a", "raw_text")]] * 101},
            "Block 2 (table): 'rows' has 101 entries; Slack takes 100.",
            id="rows",
        ),
        pytest.param(
            {"type": "table", "rows": [[text("a", "raw_text")] * 21]},
            "Block 2 (table): row 1 has 21 cells; Slack takes 20.",
            id="cells",
        ),
        pytest.param(
            {"type": "divider", "block_id": "b" * 256},
            "Block 2 (divider): block_id has 256 characters; Slack takes 255.",
            id="block_id",
        ),
        pytest.param({"text": text("a")}, "Block 2 (no type): it has no 'type'.", id="no type"),
        pytest.param({"type": "context", "elements": "a"}, "Block 2 (context): 'elements' is no list.", id="no list"),
    ],
)
def test_a_block_over_a_bound_is_named_with_its_length_and_the_bound(block: dict[str, Any], said: str) -> None:
    assert refusal({"type": "divider"}, block) == said


def test_fifty_blocks_pass_and_one_more_is_refused() -> None:
    assert len(keep(Message("text", ({"type": "divider"},) * 50)).blocks) == 50
    assert refusal(*[{"type": "divider"}] * 51) == "The report makes 51 blocks; one message holds 50."


def test_all_blocks_together_keep_a_bound() -> None:
    assert "as Slack counts its blocks; one message holds 13,000." in refusal(*[section("a" * 2_900)] * 5)


def test_markdown_blocks_keep_a_bound_together() -> None:
    said = refusal(*[{"type": "markdown", "text": "a" * 6_001}] * 2)
    assert said == "The report's markdown blocks have 12,002 characters together; Slack takes 12,000."


def test_a_type_of_block_that_is_new_is_left_to_slack() -> None:
    new = {"type": "hologram", "text": "hello", "elements": "any"}
    assert keep(Message("text", (new,))).blocks == (new,)


def test_a_cut_spares_links_escapes_and_words() -> None:
    words = "see <https://x.example/a/long/address|the report> &amp; more"
    for bound in range(52, 60):
        assert all("<" not in piece or "report>" in piece for piece in cut(words, bound))
        assert "".join(cut(words, bound)).count("&amp;") == 1


def test_a_code_block_that_is_cut_is_closed_and_opened_again() -> None:
    code = "```\n" + "\n".join(f"row {number}" for number in range(900)) + "\n```"
    pieces = cut(code, 3_000)
    assert len(pieces) == 3
    assert all(piece.startswith("```\n") and piece.endswith("\n```") for piece in pieces)
    assert [line for piece in pieces for line in piece.split("\n") if line != "```"] == code.split("\n")[1:-1]


@settings(deadline=None)
@given(st.text(st.sampled_from("ab <>&;|`\n🙂:"), max_size=400), st.integers(20, 80))
def test_every_piece_keeps_its_bound_and_no_word_is_lost(words: str, bound: int) -> None:
    pieces = cut(words, bound)
    assert all(size(piece) <= bound for piece in pieces)
    kept = "".join(pieces).replace("`", "").replace("\n", "").replace(" ", "")
    assert kept == words.replace("`", "").replace("\n", "").replace(" ", "")


@settings(deadline=None)
@given(st.text(st.sampled_from("ab <>&;|`\n🙂:"), max_size=400), st.integers(20, 80))
def test_a_shortened_text_keeps_its_bound_and_says_that_it_goes_on(words: str, bound: int) -> None:
    short = shortened(words, bound)
    assert size(short) <= bound
    assert short == words or short.endswith("…")


JSON = st.recursive(
    st.none() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["type", "text", "elements"]), inner),
    max_leaves=6,
)
KINDS = ["header", "section", "context", "image", "actions", "table", "rich_text", "rich_text_section", "markdown"]
PARTS = st.dictionaries(st.sampled_from(["text", "fields", "elements", "accessory", "rows", "block_id"]), JSON)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(KINDS), PARTS)
def test_whatever_a_block_holds_it_is_kept_or_refused_with_a_reason(kind: str, parts: dict[str, Any]) -> None:
    block = {"type": kind, **parts}
    try:
        kept = keep(Message("", (block, {"type": "rich_text", "elements": [block]})))
    except ReportFailed as refused:
        kept = Message(str(refused))
    assert kept.text.strip()
