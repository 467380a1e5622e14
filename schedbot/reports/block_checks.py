"""What Slack asks of a block, checked before Slack is asked.

Rule: a complaint names the part, its length and the bound. Only sizes and what Slack requires are checked: an unknown
type of block passes, for Slack adds some every year.
Source: https://docs.slack.dev/reference/block-kit/blocks (autumn 2026)
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from schedbot.errors import ReportFailed
from schedbot.reports.splitting import size

Block = Mapping[str, Any]

# type of block: part -> longest text in it
TEXTS: dict[str, dict[str, int]] = {
    "section": {"text": 3_000},
    "header": {"text": 150},
    "image": {"alt_text": 2_000, "title": 2_000, "image_url": 3_000},
    "markdown": {"text": 12_000},
    "video": {"alt_text": 2_000, "title": 199, "description": 200},
    "button": {"text": 75, "url": 3_000, "value": 2_000},
}
# type of block: part -> (most entries, longest text in one)
LISTS: dict[str, dict[str, tuple[int, int]]] = {
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
BLOCK_ID = 255
ROW = 20
MARKDOWN_TOGETHER = 12_000


def complaints(block: Block) -> Iterator[str]:
    """What Slack would not accept in `block`, in sentences."""
    kind = block.get("type")
    if not isinstance(kind, str) or not kind:
        yield "it has no 'type'."
        return
    if kind == "section" and not block.get("text") and not block.get("fields"):
        yield "a section needs 'text' or 'fields'."
    yield from _too_long("block_id", block.get("block_id"), BLOCK_ID)
    yield from _parts(kind, block)
    if kind == "table":
        yield from _rows(block.get("rows"))
    if isinstance(accessory := block.get("accessory"), Mapping):
        yield from _parts(str(accessory.get("type")), accessory)


def check_together(blocks: Sequence[Block], bound: int) -> None:
    """Raises ReportFailed where the blocks are too long together."""
    markdown = sum(size(_text(block.get("text"))) for block in blocks if block.get("type") == "markdown")
    if markdown > MARKDOWN_TOGETHER:
        raise ReportFailed(
            f"The report's markdown blocks have {markdown:,} characters together; Slack takes {MARKDOWN_TOGETHER:,}."
        )
    # Slack counts "text characters with a buffer for block containers", so that the JSON's length is the safe measure:
    # https://github.com/slackapi/bolt-js/issues/2509, /2867
    together = size(json.dumps(blocks, ensure_ascii=False, separators=(",", ":")))
    if together > bound:
        raise ReportFailed(
            f"The report has {together:,} characters, as Slack counts its blocks; one message holds {bound:,}.",
            hint="Shorten the report, or split it over two schedules.",
        )


def _parts(kind: str, block: Block) -> Iterator[str]:
    for part in REQUIRED.get(kind, ()):
        if not block.get(part):
            yield f"'{part}' is missing, and Slack requires it."
    for part, bound in TEXTS.get(kind, {}).items():
        yield from _too_long(f"'{part}'", block.get(part), bound)
    for part, (most, longest) in LISTS.get(kind, {}).items():
        yield from _too_many(part, block.get(part), most, longest)


def _too_many(part: str, entries: Any, most: int, longest: int) -> Iterator[str]:
    if entries is None:
        return
    if not isinstance(entries, list):
        yield f"'{part}' is no list."
        return
    if len(entries) > most:
        yield f"'{part}' has {len(entries)} entries; Slack takes {most}."
    for number, entry in enumerate(entries, start=1):
        if longest:
            yield from _too_long(f"entry {number} of '{part}'", entry, longest)
        if isinstance(entry, Mapping):
            yield from (f"entry {number} of '{part}': {one}" for one in _parts(str(entry.get("type")), entry))


def _rows(rows: Any) -> Iterator[str]:
    for number, row in enumerate(rows if isinstance(rows, list) else [], start=1):
        if isinstance(row, list) and len(row) > ROW:
            yield f"row {number} has {len(row)} cells; Slack takes {ROW}."


def _too_long(part: str, value: Any, bound: int) -> Iterator[str]:
    length = size(_text(value))
    if length > bound:
        yield f"{part} has {length:,} characters; Slack takes {bound:,}."


def _text(value: Any) -> str:
    """The text of a text object, or the string itself."""
    if isinstance(value, Mapping):
        value = value.get("text")
    return value if isinstance(value, str) else ""
