"""Split or shorten a long text at the end of a line, else at a space, never inside markup.

Rule: `<...>`, an escape (`&amp;`) and a code fence stay valid. Lengths are in UTF-16 units (an emoji counts two), the
stricter of the two ways in which Slack may count.
"""

import re

from schedbot.rules.block_kit import utf16_length

FENCE = "```"
# A link, a mention, an escape and an emoji code must stay in one piece.
INDIVISIBLE = re.compile(r"<[^<>\n]{1,500}>|&(?:amp|lt|gt);|:[a-z0-9_+-]{1,60}:")


def shorten(text: str, limit: int) -> str:
    """Return the text, or as much of its beginning as fits within `limit` with an ellipsis."""
    if utf16_length(text) <= limit:
        return text
    return _close_fence(text[: _find_split(text, limit - len(FENCE) - 2)].rstrip()) + "…"


def split(text: str, limit: int) -> list[str]:
    """Return the text in pieces of at most `limit`. A code block that is split is closed and reopened."""
    pieces: list[str] = []
    rest = text
    while utf16_length(rest) > limit:
        at = _find_split(rest, limit - len(FENCE) - 1)
        piece, rest = rest[:at], rest[at:].lstrip("\n")
        if piece.count(FENCE) % 2:
            rest = f"{FENCE}\n{rest}"
        pieces.append(_close_fence(piece.rstrip()))
    return [piece for piece in (*pieces, rest) if piece.strip()]


def _close_fence(piece: str) -> str:
    return f"{piece}\n{FENCE}" if piece.count(FENCE) % 2 else piece


def _find_split(text: str, limit: int) -> int:
    """Return the position at which to split, at most `limit` units from the start, in the second half if possible."""
    end = _count_fitting(text, limit)
    for match in INDIVISIBLE.finditer(text, max(0, end - 512)):
        if match.start() < end < match.end():
            end = match.start() or end
            break
    for mark in ("\n", " "):
        at = text.rfind(mark, end // 2, end)
        if at > 0 and not any(
            match.start() < at < match.end() for match in INDIVISIBLE.finditer(text, max(0, at - 512), end)
        ):
            return at + 1
    return end


def _count_fitting(text: str, limit: int) -> int:
    """Return the number of characters that have at most `limit` UTF-16 units."""
    units = 0
    for position, character in enumerate(text[:limit]):
        units += 2 if ord(character) > 0xFFFF else 1
        if units > limit:
            return position
    return min(len(text), limit)
