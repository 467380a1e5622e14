"""Divide an attachment that exceeds Slack's sizes into attachments of the same colour, in order and whole."""

from collections.abc import Iterator, Mapping
from typing import Any

from schedbot.reports.long_content.divide_blocks import divide
from schedbot.reports.long_content.parts import fill_parts, measure_attachment
from schedbot.reports.long_content.split_text import split
from schedbot.rules.block_kit import utf16_length
from schedbot.rules.block_kit.specs import MAX_TEXT

Block = Mapping[str, Any]
SHARED = ("color", "mrkdwn_in")
BEFORE_TEXT = ("pretext", "author_name", "author_link", "author_icon", "title", "title_link", "thumb_url")
MAX_ATTACHMENT = 12_000


def divide_attachment(attachment: Block) -> list[Block]:
    """Return the attachment, or the attachments that take its place. A malformed one stays as it is."""
    blocks, text = attachment.get("blocks"), attachment.get("text")
    if blocks:
        return list(divide_by_blocks(attachment, blocks))
    is_short = not isinstance(text, str) or utf16_length(text) <= MAX_TEXT
    if is_short or measure_attachment(attachment) <= MAX_TEXT:
        return [attachment]
    return list(divide_by_text(attachment, str(text)))


def divide_by_blocks(attachment: Block, blocks: Any) -> Iterator[Block]:
    """Yield attachments with as many blocks as fit."""
    if not isinstance(blocks, list | tuple) or not all(isinstance(block, Mapping) for block in blocks):
        yield attachment
        return
    groups = list(fill_parts([piece for block in blocks for piece in divide(block)], ()))
    if len(groups) == 1:
        yield {**attachment, "blocks": list(groups[0].blocks)}
        return
    shared = {name: attachment[name] for name in SHARED if name in attachment}
    for number, group in enumerate(groups):
        rest = attachment if number == 0 else shared
        yield {**rest, "blocks": list(group.blocks)}


def divide_by_text(attachment: Block, text: str) -> Iterator[Block]:
    """Yield attachments with the text in pieces: the title is above the first, fields and pictures below the last."""
    pieces = split(text, MAX_TEXT)
    shared = {name: attachment[name] for name in SHARED if name in attachment}
    above = {name: value for name, value in attachment.items() if name in BEFORE_TEXT}
    below = {
        name: value for name, value in attachment.items() if name not in (*SHARED, *BEFORE_TEXT, "text", "fallback")
    }
    for number, piece in enumerate(pieces):
        rest = {**(above if number == 0 else {}), **(below if number == len(pieces) - 1 else {})}
        yield {**shared, **rest, "text": piece}
