"""CSV and JSON: safe in a spreadsheet and on a terminal, and unchanged in a file."""

import io
import sys

import pytest

from schedbot.presentation import output

EVIL = "a\u202e\x9b31m\U000e0001"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def print_to(out: io.StringIO, monkeypatch: pytest.MonkeyPatch, form: str) -> str:
    monkeypatch.setattr(sys, "stdout", out)
    if form == "json":
        output.json_lines([{"name": EVIL}])
    else:
        output.csv_rows(["name"], [{"name": EVIL}])
    return out.getvalue()


@pytest.mark.parametrize("form", ["json", "csv"])
def test_terminal_gets_escapes(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = print_to(Terminal(), monkeypatch, form)
    assert "a\\u202e\\u009b31m\\udb40\\udc01" in shown
    assert shown.replace("\n", "").isprintable()


@pytest.mark.parametrize("form", ["json", "csv"])
def test_file_gets_the_text_itself(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert EVIL in print_to(io.StringIO(), monkeypatch, form)


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_formula_gets_an_apostrophe(cell: str) -> None:
    assert output.csv_cell(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["a=1", "", -5, "1-2", "'=1"])
def test_other_cell_stays(cell: object) -> None:
    assert output.csv_cell(cell) == cell
