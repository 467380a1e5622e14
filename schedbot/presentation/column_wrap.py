"""Wrap text by the columns that a terminal shows: a wide letter (Chinese, Japanese, Korean, emoji) takes two.

Source: https://www.unicode.org/reports/tr11/ (East Asian Width)
"""

import re
import unicodedata

PIECES = re.compile(r"\s+|\S+")


def count_columns(text: str) -> int:
    """Return the columns that the text takes."""
    return len(text) if text.isascii() else sum(map(_count_columns_of, text))


def _count_columns_of(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def wrap_line(line: str, width: int) -> list[str]:
    """Return the line in parts of at most `width` columns, at least one; broken between words or wide letters."""
    lines, text, used = [""], "", 0
    for piece in _split_pieces(line.expandtabs(), width):
        columns = count_columns(piece)
        if used + columns > width and not piece.isspace():
            lines[-1], text, used = text.rstrip(), "", 0
            lines.append("")
        if not (piece.isspace() and not text and len(lines) > 1):
            text, used = text + piece, used + columns
        lines[-1] = text
    lines[-1] = text.rstrip()
    return lines if lines[0] or len(lines) == 1 else lines[1:]


def _split_pieces(line: str, width: int) -> list[str]:
    """Return blanks, words and wide letters; a word wider than a line is in several pieces."""
    pieces: list[str] = []
    for word in PIECES.findall(line):
        if word.isascii() and len(word) <= width:
            pieces.append(word)
            continue
        part, used = "", 0
        for char in word:
            columns = _count_columns_of(char)
            if part and columns and (columns == 2 or used + columns > width or count_columns(part[0]) == 2):
                pieces.append(part)
                part, used = "", 0
            part, used = part + char, used + columns
        pieces.append(part)
    return pieces
