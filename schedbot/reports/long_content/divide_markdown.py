"""Split a long Markdown text between its parts; a part that is too long, between its rows, items or lines.

A table repeats its header row, and a code block is closed and opened again.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from schedbot.reports.long_content.cuts import MARKDOWN_SPANS
from schedbot.reports.long_content.split_text import iterate_pieces, split_exactly, split_lines
from schedbot.rules.block_kit import utf16_length

if TYPE_CHECKING:
    from schedbot.reports.markdown.segments import Segment

HEADER_LINES = 2  # of a table: names and dashes


def split_markdown(text: str, limit: int) -> list[str]:
    """Return the text in pieces of at most `limit` characters."""
    if utf16_length(text) <= limit:
        return [text]
    from schedbot.reports.markdown.segments import find_segments  # loads a parser

    sources: list[str] = []
    for segment in find_segments(text):
        if utf16_length(segment.source.rstrip("\n")) <= limit:
            sources.append(segment.source)
        else:
            sources += DIVIDERS.get(segment.kind, divide_text)(segment, limit)
    return [piece.strip("\n") for piece in join_fitting(sources, limit) if piece.strip()]


def join_fitting(parts: Iterable[str], limit: int) -> Iterator[str]:
    """Yield the parts, joined as far as `limit` allows. Line ends at the end of a piece do not count."""
    pieces: list[str] = []
    length = 0
    for part in parts:
        if pieces and length + utf16_length(part.rstrip("\n")) > limit:
            yield "".join(pieces)
            pieces, length = [], 0
        pieces.append(part)
        length += utf16_length(part)
    yield "".join(pieces)


def divide_text(segment: "Segment", limit: int) -> Iterator[str]:
    """Yield pieces of a paragraph, a quote or another part."""
    yield from (f"{piece}\n\n" for piece in iterate_pieces(segment.source, limit, MARKDOWN_SPANS))


def divide_fence(segment: "Segment", limit: int) -> Iterator[str]:
    """Yield code blocks with the lines of a longer one."""
    token = segment.tokens[0]
    opening, closing = f"{token.markup}{token.info}\n", f"\n{token.markup}\n\n"
    room = limit - utf16_length(opening) - utf16_length(closing)
    if room <= 0:
        yield from divide_text(segment, limit)
        return
    for code in split_exactly(token.content.removesuffix("\n"), room):
        yield opening + code.removesuffix("\n") + closing


def divide_list(segment: "Segment", limit: int) -> Iterator[str]:
    """Yield the items of a list."""
    lines = split_lines(segment.source)
    starts = [
        token.map[0] - segment.first_line for token in segment.tokens if is_item(token.type, token.level) and token.map
    ]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        item = "".join(lines[start:end])
        if utf16_length(item.rstrip("\n")) <= limit:
            yield item
        else:
            yield from (f"{piece}\n" for piece in iterate_pieces(item, limit, MARKDOWN_SPANS))


def is_item(kind: str, level: int) -> bool:
    """Is a token the begin of an item of the list itself, not of a list in it?"""
    return kind == "list_item_open" and level == 1


def divide_table(segment: "Segment", limit: int) -> Iterator[str]:
    """Yield tables with the rows of a longer one, each below the header row."""
    lines = segment.source.rstrip("\n").split("\n")
    header, rows = "".join(f"{line}\n" for line in lines[:HEADER_LINES]), lines[HEADER_LINES:]
    room = limit - utf16_length(header)
    if room <= 0 or any(utf16_length(row) > room for row in rows):
        yield from divide_text(segment, limit)
        return
    yield from (f"{header}{group}\n" for group in join_fitting((f"{row}\n" for row in rows), room))


DIVIDERS: dict[str, Callable[["Segment", int], Iterator[str]]] = {
    "fence": divide_fence,
    "bullet_list": divide_list,
    "ordered_list": divide_list,
    "table": divide_table,
}
