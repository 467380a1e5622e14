"""Divide a table that is too large: each piece has whole rows below the header row, which is repeated."""

from collections.abc import Mapping, Sequence
from typing import Any

from schedbot.reports.long_content.groups import group_by_length
from schedbot.reports.long_content.split_text import split_plain
from schedbot.rules.block_kit import utf16_length
from schedbot.rules.block_kit.blocks import MAX_CELL_TEXT
from schedbot.rules.block_kit.measure import text_length

Block = Mapping[str, Any]
Row = Sequence[Any]
MAX_ROWS = {"table": 100, "data_table": 201}


def divide_table(block: Block) -> list[Block]:
    """Return the table in pieces. Each has the header row, and the settings of the columns."""
    rows, kind = block.get("rows"), block["type"]
    if rows is None or not is_table(rows):
        return [block]
    most_text = MAX_CELL_TEXT[kind]
    if len(rows) <= MAX_ROWS[kind] and text_length(rows) <= most_text:
        return [block]
    header, room = rows[0], most_text - text_length(rows[0])
    parts = [part for row in rows[1:] for part in divide_row(row, room)]
    return [{**block, "rows": [header, *group]} for group in group_by_length(parts, room, MAX_ROWS[kind] - 1)]


def is_table(rows: Any) -> bool:
    """Are the values rows of cells, with a header?"""
    return isinstance(rows, list | tuple) and len(rows) > 1 and all(isinstance(row, list | tuple) for row in rows)


def divide_row(row: Row, room: int) -> list[Row]:
    """Return the row; one that does not fit into a table at all, as rows in which its long cells go on."""
    if text_length(row) <= room or room < len(row):
        return [row]
    most = max(1, room // max(1, len(row)))
    columns = [split_cell(cell, most) for cell in row]
    height = max(map(len, columns))
    blank = {"type": "raw_text", "text": " "}
    return [[column[line] if line < len(column) else blank for column in columns] for line in range(height)]


def split_cell(cell: Any, most: int) -> list[Any]:
    """Return a cell of plain text as cells of at most `most` characters; any other cell alone."""
    text = cell.get("text") if isinstance(cell, Mapping) and cell.get("type") == "raw_text" else None
    if not isinstance(text, str) or utf16_length(text) <= most:
        return [cell]
    return [{**cell, "text": piece} for piece in split_plain(text, most)]
