"""A long text is cut where a reader would cut it: at a line's end, else at a space, never inside markup.

Rule: `<...>`, an escape (`&amp;`) and a code fence survive a cut; lengths count as JavaScript counts them (an emoji is
two), the stricter of the two ways in which Slack may count.
"""

import re

FENCE = "```"
# What must not be cut in two: a link, a mention, an escape.
WHOLE = re.compile(r"<[^<>\n]{1,500}>|&(?:amp|lt|gt);|:[a-z0-9_+-]{1,60}:")


def size(text: str) -> int:
    """The length of `text` in UTF-16 units."""
    if text.isascii():
        return len(text)
    return len(text) + sum(1 for character in text if ord(character) > 0xFFFF)


def shortened(text: str, bound: int) -> str:
    """`text`, or as much of its beginning as fits in `bound` with an ellipsis."""
    if size(text) <= bound:
        return text
    return _closed(text[: _cut_at(text, bound - len(FENCE) - 2)].rstrip()) + "…"


def cut(text: str, bound: int) -> list[str]:
    """`text` in pieces of at most `bound`; a code block that is cut is closed and opened again."""
    pieces: list[str] = []
    rest = text
    while size(rest) > bound:
        at = _cut_at(rest, bound - len(FENCE) - 1)
        piece, rest = rest[:at], rest[at:].lstrip("\n")
        if piece.count(FENCE) % 2:
            rest = f"{FENCE}\n{rest}"
        pieces.append(_closed(piece.rstrip()))
    return [piece for piece in (*pieces, rest) if piece.strip()]


def _closed(piece: str) -> str:
    return f"{piece}\n{FENCE}" if piece.count(FENCE) % 2 else piece


def _cut_at(text: str, bound: int) -> int:
    """Where to cut `text` so that what is before measures at most `bound`: after half of it at least, if it can be."""
    end = _fits(text, bound)
    for found in WHOLE.finditer(text, max(0, end - 512)):
        if found.start() < end < found.end():
            end = found.start() or end
            break
    for mark in ("\n", " "):
        at = text.rfind(mark, end // 2, end)
        if at > 0 and not any(
            found.start() < at < found.end() for found in WHOLE.finditer(text, max(0, at - 512), end)
        ):
            return at + 1
    return end


def _fits(text: str, bound: int) -> int:
    """How many characters of `text` measure at most `bound`."""
    units = 0
    for position, character in enumerate(text[:bound]):
        units += 2 if ord(character) > 0xFFFF else 1
        if units > bound:
            return position
    return min(len(text), bound)
