"""Divide a rich_text block that is too large: at its elements, else at the items of a list, else inside a text."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from schedbot.reports.long_content.groups import group_by_length
from schedbot.reports.long_content.split_text import split_exactly
from schedbot.rules.block_kit import utf16_length
from schedbot.rules.block_kit.measure import text_length

Block = Mapping[str, Any]
MAX_RICH_TEXT = 12_000  # Slack has no limit for this block alone; all blocks together have about 13,000


def divide_rich_text(block: Block) -> list[Block]:
    """Return rich_text blocks of at most MAX_RICH_TEXT characters."""
    elements = block.get("elements")
    if not isinstance(elements, list | tuple) or text_length(block) <= MAX_RICH_TEXT:
        return [block]
    pieces = [piece for element in elements for piece in divide_element(element)]
    return [{**block, "elements": group} for group in group_by_length(pieces, MAX_RICH_TEXT)]


def divide_element(element: Any) -> list[Any]:
    """Return an element of the block, or the elements that take its place."""
    parts = element.get("elements") if isinstance(element, Mapping) else None
    if not isinstance(parts, list | tuple) or text_length(element) <= MAX_RICH_TEXT:
        return [element]
    if element.get("type") == "rich_text_list":
        return list(divide_list(element, parts))
    pieces = [piece for part in parts for piece in divide_inline(part)]
    return [{**element, "elements": group} for group in group_by_length(pieces, MAX_RICH_TEXT)]


def divide_list(element: Block, items: Sequence[Any]) -> Iterator[Block]:
    """Yield lists with whole items. A numbered list goes on with the next number."""
    offset = element.get("offset")
    offset = offset if isinstance(offset, int) else 0
    for group in group_by_length([piece for item in items for piece in divide_element(item)], MAX_RICH_TEXT):
        number = {"offset": offset} if element.get("style") == "ordered" and offset else {}
        yield {**element, **number, "elements": group}
        offset += len(group)


def divide_inline(part: Any) -> list[Any]:
    """Return a part of a line; a text that is too long, as several."""
    text = part.get("text") if isinstance(part, Mapping) and part.get("type") == "text" else None
    if not isinstance(text, str) or utf16_length(text) <= MAX_RICH_TEXT:
        return [part]
    return [{**part, "text": piece} for piece in split_exactly(text, MAX_RICH_TEXT)]
