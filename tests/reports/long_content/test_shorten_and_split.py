"""Long texts, split or shortened."""

from hypothesis import given, settings
from hypothesis import strategies as st

from schedbot.reports.long_content.split_text import shorten, split
from schedbot.rules.block_kit import utf16_length


def test_split_keeps_links_and_escapes_whole() -> None:
    words = "see <https://x.example/a/long/address|the report> &amp; more"
    for limit in range(52, 60):
        assert all("<" not in piece or "report>" in piece for piece in split(words, limit))
        assert "".join(split(words, limit)).count("&amp;") == 1


def test_split_code_block_is_closed_and_reopened() -> None:
    code = "```\n" + "\n".join(f"row {number}" for number in range(900)) + "\n```"
    pieces = split(code, 3_000)
    assert len(pieces) == 3
    assert all(piece.startswith("```\n") and piece.endswith("\n```") for piece in pieces)
    assert [line for piece in pieces for line in piece.split("\n") if line != "```"] == code.split("\n")[1:-1]


@settings(deadline=None)
@given(st.text(st.sampled_from("ab <>&;|`\n🙂:"), max_size=400), st.integers(20, 80))
def test_split_pieces_are_short_and_complete(words: str, limit: int) -> None:
    pieces = split(words, limit)
    assert all(utf16_length(piece) <= limit for piece in pieces)
    joined = "".join(pieces).replace("`", "").replace("\n", "").replace(" ", "")
    assert joined == words.replace("`", "").replace("\n", "").replace(" ", "")


@settings(deadline=None)
@given(st.text(st.sampled_from("ab <>&;|`\n🙂:"), max_size=400), st.integers(20, 80))
def test_shortened_text_ends_with_an_ellipsis(words: str, limit: int) -> None:
    short = shorten(words, limit)
    assert utf16_length(short) <= limit
    assert short == words or short.endswith("…")
