"""Check blocks against Slack's documented limits before they are sent.

Rule: a problem names the part, its length and the limit. Only sizes and required parts are checked. An unknown type of
block passes, because Slack adds types every year.
Source: https://docs.slack.dev/reference/block-kit/blocks (autumn 2026)
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from schedbot.errors import ReportFailed
from schedbot.reports.split_text import utf16_length

Block = Mapping[str, Any]

# type of block: part -> most characters
TEXT_LIMITS: dict[str, dict[str, int]] = {
    "section": {"text": 3_000},
    "header": {"text": 150},
    "image": {"alt_text": 2_000, "title": 2_000, "image_url": 3_000},
    "markdown": {"text": 12_000},
    "video": {"alt_text": 2_000, "title": 199, "description": 200},
    "button": {"text": 75, "url": 3_000, "value": 2_000},
}
# type of block: part -> (most entries, most characters of an entry)
LIST_LIMITS: dict[str, dict[str, tuple[int, int]]] = {
    "section": {"fields": (10, 2_000)},
    "context": {"elements": (10, 3_000)},
    "actions": {"elements": (25, 3_000)},
    "table": {"rows": (100, 0)},
}
REQUIRED: dict[str, tuple[str, ...]] = {
    "header": ("text",),
    "image": ("alt_text",),
    "context": ("elements",),
    "actions": ("elements",),
    "markdown": ("text",),
    "table": ("rows",),
}
MAX_BLOCK_ID = 255
MAX_CELLS = 20
MAX_MARKDOWN = 12_000


def find_problems(block: Block) -> Iterator[str]:
    """Return a sentence for each part of the block that Slack would refuse."""
    kind = block.get("type")
    if not isinstance(kind, str) or not kind:
        yield "the block has no 'type'."
        return
    if kind == "section" and not block.get("text") and not block.get("fields"):
        yield "a section needs 'text' or 'fields'."
    yield from _check_length("block_id", block.get("block_id"), MAX_BLOCK_ID)
    yield from _check_parts(kind, block)
    if kind == "table":
        yield from _check_rows(block.get("rows"))
    if isinstance(accessory := block.get("accessory"), Mapping):
        yield from _check_parts(str(accessory.get("type")), accessory)


def check_total_size(blocks: Sequence[Block], limit: int) -> None:
    """Raise ReportFailed if the blocks are too long together."""
    markdown = sum(utf16_length(_text(block.get("text"))) for block in blocks if block.get("type") == "markdown")
    if markdown > MAX_MARKDOWN:
        raise ReportFailed(
            f"The report's markdown blocks have {markdown:,} characters together; Slack allows {MAX_MARKDOWN:,}."
        )
    # Slack counts "text characters with a buffer for block containers"; the length of the JSON is a safe upper bound:
    # https://github.com/slackapi/bolt-js/issues/2509, /2867
    total = utf16_length(json.dumps(blocks, ensure_ascii=False, separators=(",", ":")))
    if total > limit:
        raise ReportFailed(
            f"The report has {total:,} characters, as Slack counts its blocks; a message may have {limit:,}.",
            hint="Shorten the report, or split it into two schedules.",
        )


def _check_parts(kind: str, block: Block) -> Iterator[str]:
    """Check the parts of a block, or of an element, of the type `kind`."""
    for part in REQUIRED.get(kind, ()):
        if not block.get(part):
            yield f"'{part}' is missing, and Slack requires it."
    for part, limit in TEXT_LIMITS.get(kind, {}).items():
        yield from _check_length(f"'{part}'", block.get(part), limit)
    for part, (max_entries, max_length) in LIST_LIMITS.get(kind, {}).items():
        yield from _check_entries(part, block.get(part), max_entries, max_length)


def _check_entries(part: str, entries: Any, max_entries: int, max_length: int) -> Iterator[str]:
    if entries is None:
        return
    if not isinstance(entries, list):
        yield f"'{part}' is not a list."
        return
    if len(entries) > max_entries:
        yield f"'{part}' has {len(entries)} entries; Slack allows {max_entries}."
    for number, entry in enumerate(entries, start=1):
        if max_length:
            yield from _check_length(f"entry {number} of '{part}'", entry, max_length)
        if isinstance(entry, Mapping):
            yield from (
                f"entry {number} of '{part}': {problem}" for problem in _check_parts(str(entry.get("type")), entry)
            )


def _check_rows(rows: Any) -> Iterator[str]:
    for number, row in enumerate(rows if isinstance(rows, list) else [], start=1):
        if isinstance(row, list) and len(row) > MAX_CELLS:
            yield f"row {number} has {len(row)} cells; Slack allows {MAX_CELLS}."


def _check_length(part: str, value: Any, limit: int) -> Iterator[str]:
    length = utf16_length(_text(value))
    if length > limit:
        yield f"{part} has {length:,} characters; Slack allows {limit:,}."


def _text(value: Any) -> str:
    """Return the text of a text object, or the string itself."""
    if isinstance(value, Mapping):
        value = value.get("text")
    return value if isinstance(value, str) else ""
