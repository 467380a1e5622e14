"""Divide a block that exceeds Slack's sizes into blocks that do not, in order and whole.

A block that is malformed, or too large in a part that cannot be divided (an alternative text, a button), stays as it
is: the check of the blocks names it. The first block keeps the `block_id`, and the accessory of a section.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from schedbot.reports.long_content.divide_markdown import split_markdown
from schedbot.reports.long_content.divide_rich_text import divide_rich_text
from schedbot.reports.long_content.divide_tables import divide_table
from schedbot.reports.long_content.split_text import split, split_plain
from schedbot.rules.block_kit import utf16_length
from schedbot.rules.block_kit.blocks import MAX_MARKDOWN
from schedbot.rules.block_kit.measure import text_length
from schedbot.rules.block_kit.specs import MAX_TEXT, TEXT_TYPES

Block = Mapping[str, Any]
MAX_FIELDS, MAX_FIELD = 10, 2_000
MAX_HEADER = 150
MAX_PARTS_TEXT = 12_000  # of the fields or elements of a block together: all blocks have 13,000
MAX_ELEMENTS = {"context": 10, "actions": 25, "context_actions": 5}


def divide(block: Block) -> list[Block]:
    """Return the block, or the blocks that take its place."""
    kind = block.get("type")
    divider = DIVIDERS.get(kind) if isinstance(kind, str) else None
    pieces = divider(block) if divider else [block]
    if not pieces:
        return [block]
    first, *others = pieces
    if "block_id" in block:
        first = {**first, "block_id": block["block_id"]}
    return [first, *({key: value for key, value in piece.items() if key != "block_id"} for piece in others)]


def divide_section(block: Block) -> list[Block]:
    """Return the text in sections, then the fields in sections."""
    texts = split_text_object(block.get("text"), MAX_TEXT)
    fields = block.get("fields")
    groups = list(group_fields(fields)) if isinstance(fields, list | tuple) else []
    if len(texts) <= 1 and len(groups) <= 1 and not has_long_field(fields):
        return [block]
    pieces: list[Block] = [{"type": "section", "text": text} for text in texts]
    pieces += groups
    rest = {key: value for key, value in block.items() if key not in ("text", "fields")}
    return [{**rest, **pieces[0]}, *pieces[1:]]


def has_long_field(fields: Any) -> bool:
    """Is a field longer than Slack allows?"""
    return isinstance(fields, list | tuple) and any(
        is_text(field) and utf16_length(field["text"]) > MAX_FIELD for field in fields
    )


def group_fields(fields: Sequence[Any]) -> Iterator[Block]:
    """Yield sections of at most MAX_FIELDS fields; a field that is too long becomes the text of sections."""
    group: list[Any] = []
    for field in fields:
        is_long = is_text(field) and utf16_length(field["text"]) > MAX_FIELD
        if group and (is_long or not has_room(group, field, MAX_FIELDS)):
            yield {"type": "section", "fields": group}
            group = []
        if is_long:
            yield from ({"type": "section", "text": text} for text in split_text_object(field, MAX_TEXT))
        else:
            group.append(field)
    if group:
        yield {"type": "section", "fields": group}


def divide_header(block: Block) -> list[Block]:
    """Return headers of at most MAX_HEADER characters."""
    return [{**block, "text": text} for text in split_text_object(block.get("text"), MAX_HEADER)]


def divide_elements(block: Block) -> list[Block]:
    """Return blocks of as many elements as Slack allows; a text that is too long becomes several elements."""
    elements, most = block.get("elements"), MAX_ELEMENTS[block["type"]]
    if not isinstance(elements, list | tuple):
        return [block]
    groups: list[list[Any]] = [[]]
    for piece in [piece for element in elements for piece in split_text_object(element, MAX_TEXT)]:
        if not has_room(groups[-1], piece, most):
            groups.append([])
        groups[-1].append(piece)
    return [{**block, "elements": group} for group in groups]


def has_room(group: Sequence[Any], part: Any, most: int) -> bool:
    """Has a block with the parts of a group room for another?"""
    return not group or (len(group) < most and text_length(group) + text_length(part) <= MAX_PARTS_TEXT)


def divide_markdown(block: Block) -> list[Block]:
    """Return markdown blocks within Slack's limit."""
    text = block.get("text")
    if not isinstance(text, str) or utf16_length(text) <= MAX_MARKDOWN:
        return [block]
    return [{**block, "text": piece} for piece in split_markdown(text, MAX_MARKDOWN)]


def split_text_object(value: Any, limit: int) -> list[Any]:
    """Return a text object as objects of at most `limit` characters; any other value alone, and none for None."""
    if value is None:
        return []
    if not is_text(value) or utf16_length(value["text"]) <= limit:
        return [value]
    pieces = split(value["text"], limit) if value["type"] == "mrkdwn" else split_plain(value["text"], limit)
    return [{**value, "text": piece} for piece in pieces]


def is_text(value: Any) -> bool:
    """Is the value a text object?"""
    return isinstance(value, Mapping) and value.get("type") in TEXT_TYPES and isinstance(value.get("text"), str)


DIVIDERS: dict[str, Callable[[Block], list[Block]]] = {
    "section": divide_section,
    "header": divide_header,
    "context": divide_elements,
    "actions": divide_elements,
    "context_actions": divide_elements,
    "markdown": divide_markdown,
    "rich_text": divide_rich_text,
    "table": divide_table,
    "data_table": divide_table,
}
