"""Messages of a report's blocks and attachments: as many as Slack's limits of a message need.

Each message takes as much as it can. A header goes with the block below it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from schedbot.model import Message
from schedbot.rules import block_kit
from schedbot.rules.block_kit import utf16_length
from schedbot.rules.block_kit.attachments import MAX_ATTACHMENTS
from schedbot.rules.block_kit.blocks import MAX_ALL_TEXT, MAX_BLOCKS, MAX_CELL_TEXT, MAX_MARKDOWN, MAX_TABLES
from schedbot.rules.block_kit.measure import count_tables, markdown_length, text_length, total_length

Block = Mapping[str, Any]
LEGACY_TEXTS = ("pretext", "author_name", "title", "text", "footer")


@dataclass(slots=True)
class Part:
    """A message that is being filled."""

    blocks: list[Block] = field(default_factory=list)
    attachments: list[Block] = field(default_factory=list)
    text_length: int = 0
    markdown_length: int = 0
    tables: int = 0
    cell_lengths: dict[str, int] = field(default_factory=lambda: dict.fromkeys(MAX_CELL_TEXT, 0))

    def add_block(self, block: Block) -> bool:
        """Add a block if there is room for it. A block that is too large by itself has room in an empty message."""
        if self.blocks and len(self.blocks) >= MAX_BLOCKS:
            return False
        if not self.add_lengths([block], total_length([block])):
            return False
        self.blocks.append(block)
        return True

    def add_attachment(self, attachment: Block) -> bool:
        """Add an attachment if there is room for it."""
        if len(self.attachments) >= MAX_ATTACHMENTS:
            return False
        blocks = block_kit.list_attachment_blocks([attachment])
        if not self.add_lengths(blocks, measure_attachment(attachment)):
            return False
        self.attachments.append(attachment)
        return True

    def add_lengths(self, blocks: Sequence[Any], length: int) -> bool:
        """Count the characters and tables of more blocks. False: they are too many for a message that has some."""
        markdown, tables = self.markdown_length + markdown_length(blocks), self.tables + count_tables(blocks)
        cells = {kind: count + measure_cells(blocks, kind) for kind, count in self.cell_lengths.items()}
        is_over = (
            self.text_length + length > MAX_ALL_TEXT
            or markdown > MAX_MARKDOWN
            or tables > MAX_TABLES
            or any(count > MAX_CELL_TEXT[kind] for kind, count in cells.items())
        )
        if is_over and (self.blocks or self.attachments):
            return False
        self.text_length, self.markdown_length = self.text_length + length, markdown
        self.cell_lengths, self.tables = cells, tables
        return True

    def build(self) -> Message:
        """Return the message, without a text."""
        return Message(blocks=tuple(self.blocks), attachments=tuple(self.attachments))


def fill_parts(blocks: Sequence[Block], attachments: Sequence[Block]) -> Iterator[Message]:
    """Yield the messages, in order: Slack shows attachments below the blocks."""
    part = Part()
    for block in blocks:
        if not part.add_block(block):
            part, full = start_part(part), part
            yield full.build()
            if not part.add_block(block):  # below headers that have gone before it
                yield part.build()
                part = Part()
                part.add_block(block)
    for attachment in attachments:
        if not part.add_attachment(attachment):
            yield part.build()
            part = Part()
            part.add_attachment(attachment)
    yield part.build()


def start_part(full: Part) -> Part:
    """Return the next message, with the headers at the end of a full one."""
    count = 0
    while count < len(full.blocks) and full.blocks[-1 - count].get("type") == "header":
        count += 1
    part = Part()
    if 0 < count < len(full.blocks):
        headers = full.blocks[-count:]
        del full.blocks[-count:]
        for header in headers:
            part.add_block(header)
    return part


def measure_attachment(attachment: Block) -> int:
    """Return the characters of an attachment: of its blocks, and of its legacy fields."""
    texts = [attachment.get(name) for name in LEGACY_TEXTS]
    fields = attachment.get("fields")
    for entry in fields if isinstance(fields, list | tuple) else ():
        texts += [entry.get("title"), entry.get("value")] if isinstance(entry, Mapping) else []
    legacy = sum(utf16_length(text) for text in texts if isinstance(text, str))
    return legacy + total_length(block_kit.list_attachment_blocks([attachment]))


def measure_cells(blocks: Sequence[Any], kind: str) -> int:
    """Return the characters in the cells of the tables of a type."""
    tables = [block for block in blocks if isinstance(block, Mapping) and block.get("type") == kind]
    return sum(text_length(table.get("rows")) for table in tables)
