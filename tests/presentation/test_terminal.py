"""Sentences wrap between words on a terminal; commands in them stay whole."""

import pytest

from schedbot.presentation import output


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output, "width", lambda: 40)


def test_short_line_is_unchanged() -> None:
    assert output.wrap("  two  blanks stay", 4) == "  two  blanks stay"


def test_long_line_wraps_between_words_with_a_hanging_indent() -> None:
    assert output.wrap("  Wed 2 Dec 02:30 EST  in 45 h  skipped: outside window", 6).splitlines() == [
        "  Wed 2 Dec 02:30 EST  in 45 h  skipped:",
        "      outside window",
    ]


def test_quoted_command_is_not_broken() -> None:
    assert output.wrap("It is paused: moving. Resume it with 'schedbot workspace resume acme'.", 2).splitlines() == [
        "It is paused: moving. Resume it with",
        "  'schedbot workspace resume acme'.",
    ]


def test_command_of_a_next_step_is_not_broken() -> None:
    line = "  Next: schedbot audit 1234 --mark-posted 1796133600.400000"
    assert output.wrap(line, 8) == line


def test_wide_letters_fit_the_terminal() -> None:
    lines = output.wrap("  Text: " + "売上は前年比で増加しました。" * 5, 8).splitlines()
    assert max(map(output.cells, lines)) in range(38, 41)
    assert [line[:8] for line in lines[1:]] == [" " * 8] * (len(lines) - 1)
    command = "'schedbot show 売上'"
    assert command in output.wrap(f"売上売上売上売上売上売上 {command} 売上売上", 2)


def test_cut_text_counts_columns() -> None:
    assert [output.cut(text, 6) for text in ("sales", "revenues", "売上高", "売上高と")] == [
        "sales",
        "reven…",
        "売上高",
        "売上…",
    ]
