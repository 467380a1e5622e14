"""Segments of a Markdown text: its top-level parts in order, with their source. Joined, they are the whole text."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

from schedbot.reports.long_content.split_text import split_lines


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a text, with the blank lines after it. `kind`: the type of its first token, without `_open`."""

    kind: str
    source: str
    tokens: Sequence[Token]
    first_line: int


@cache
def block_parser() -> MarkdownIt:
    """Return the parser of parts. It does not look into lines, which takes most of the time."""
    parser = MarkdownIt("commonmark").enable("table")
    parser.core.ruler.enableOnly(["normalize", "block"])
    return parser


def find_segments(text: str) -> list[Segment]:
    """Return the segments of a text whose lines end in line feeds."""
    tokens = block_parser().parse(text)
    starts = [index for index, token in enumerate(tokens) if token.level == 0 and token.nesting >= 0 and token.map]
    groups = [tokens[start:end] for start, end in zip(starts, [*starts[1:], len(tokens)], strict=True)]
    return list(cut_lines(split_lines(text), groups)) if groups else []


def cut_lines(lines: Sequence[str], groups: Sequence[Sequence[Token]]) -> Iterator[Segment]:
    """Yield the segment of each group of tokens: it goes on to the next one; the first begins the text."""
    firsts = [first_line(group) for group in groups]
    firsts[0] = 0
    for group, first, end in zip(groups, firsts, [*firsts[1:], len(lines)], strict=True):
        yield Segment(group[0].type.removesuffix("_open"), "".join(lines[first:end]), group, first)


def first_line(tokens: Sequence[Token]) -> int:
    """Return the number of the first line of a segment, from 0."""
    return tokens[0].map[0] if tokens[0].map else 0
