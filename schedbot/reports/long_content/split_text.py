"""Split or shorten a long text in Slack's markup or in none, at the places of `cuts`.

Rule: a code block that fits into a piece stays whole. A longer one is closed at the end of a piece and opened again in
the next.
"""

import re
from collections.abc import Iterator

from schedbot.reports.long_content.cuts import MRKDWN_SPANS, PLAIN_SPANS, Spans, find_cut
from schedbot.rules.block_kit import utf16_length

FENCE = "```"
OPENING, CLOSING = f"{FENCE}\n", f"\n{FENCE}"
AFTER_LINES = re.compile(r"\n*")


def shorten(text: str, limit: int) -> str:
    """Return the text, or as much of its beginning as fits within `limit` with an ellipsis."""
    if utf16_length(text) <= limit:
        return text
    piece = text[: find_cut(text, 0, limit - len(CLOSING) - 1)].rstrip()
    return close_fence(piece) + "…"


def split(text: str, limit: int) -> list[str]:
    """Return the text in pieces of at most `limit`."""
    return list(iterate_pieces(text, limit))


def split_plain(text: str, limit: int) -> list[str]:
    """Return a text without markup in pieces of at most `limit`, without the blanks at their ends."""
    return [piece.rstrip() for piece in split_exactly(text, limit) if piece.strip()]


def split_exactly(text: str, limit: int) -> list[str]:
    """Return a text without markup in pieces of at most `limit`. Joined, they are the text."""
    pieces, start = [], 0
    while start < len(text):
        end = find_cut(text, start, limit, PLAIN_SPANS)
        pieces.append(text[start:end])
        start = end
    return pieces


def iterate_pieces(text: str, limit: int, spans: Spans = MRKDWN_SPANS) -> Iterator[str]:
    """Yield the pieces of a text in Slack's markup, or in another with the same code blocks."""
    start, is_open = 0, False
    while start < len(text):
        prefix = OPENING if is_open else ""
        if fits(text, start, limit - len(prefix)):
            end = len(text)
        else:
            end = find_cut(text, start, limit - len(prefix) - len(CLOSING), spans)
        if not is_open:
            end = leave_code_block(text, start, end, limit)
        body = text[start:end]
        start = skip_line_ends(text, end)
        is_open ^= body.count(FENCE) % 2 == 1
        if body.strip() and not (prefix and body.strip() == FENCE):
            body = body.rstrip() if start < len(text) or is_open else body
            yield f"{prefix}{body}{CLOSING if is_open else ''}"


def fits(text: str, start: int, limit: int) -> bool:
    """Does the rest of the text fit, with room to close a code block?"""
    rest_length = len(text) - start
    return rest_length <= limit and utf16_length(text[start:]) <= limit - (
        len(CLOSING) if text.count(FENCE, start) % 2 else 0
    )


def leave_code_block(text: str, start: int, end: int, limit: int) -> int:
    """Return the end of a piece before a code block that would be cut, if it fits into the next piece whole."""
    if text.count(FENCE, start, end) % 2 == 0 or end >= len(text):
        return end
    opening = text.rfind(FENCE, start, end)
    closing = text.find(FENCE, opening + len(FENCE), opening + limit)
    is_whole = closing != -1 and utf16_length(text[opening : closing + len(FENCE)]) <= limit
    return opening if is_whole and text[start:opening].strip() else end


def skip_line_ends(text: str, at: int) -> int:
    """Return the place after the line ends at `at`: the next piece begins a line anyway."""
    match = AFTER_LINES.match(text, at)
    return match.end() if match else at


def close_fence(piece: str) -> str:
    """Return a piece whose code block is closed."""
    return piece + CLOSING if piece.count(FENCE) % 2 else piece


def split_lines(text: str) -> list[str]:
    """Return the lines with their line feeds. Other characters that end a line in Python are text."""
    lines = [f"{line}\n" for line in text.split("\n")]
    lines[-1] = lines[-1][:-1]
    return lines
