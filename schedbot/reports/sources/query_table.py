"""Table of a query's rows, for a report without a template.

Rules: cells are `raw_text`, so that nothing in the data is markup; the text beside the table is escaped. Rows that do
not fit into Slack's table are left out, and a line says how many. Slack refuses an empty cell, so it gets a blank.
Source: https://docs.slack.dev/reference/block-kit/blocks/table-block
"""

import math
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from schedbot.errors import ReportFailed
from schedbot.model import Message
from schedbot.reports.escaping import escape_text
from schedbot.reports.sources.query_rows import Rows
from schedbot.reports.split_text import shorten
from schedbot.rules.block_kit import utf16_length

MAX_COLUMNS = 20
MAX_ROWS = 99  # beside the header
MAX_ALL_CELLS = 9_500  # Slack takes 10,000 characters
MAX_HEADER, MAX_CELL = 100, 300
MAX_DIGITS = 40


def build(rows: Rows) -> Message:
    """Return a message with the rows as a table. Raises ReportFailed for too many columns."""
    if len(rows.columns) > MAX_COLUMNS:
        problem = f"The query has {len(rows.columns)} columns; a table in Slack has at most {MAX_COLUMNS}."
        raise ReportFailed(problem, "Select fewer columns, or give the report a template.")
    header = [fit(column, MAX_HEADER) for column in rows.columns]
    lines = [header, *take_fitting(rows.rows, sum(map(utf16_length, header)))]
    table = {
        "type": "table",
        "rows": [[{"type": "raw_text", "text": cell} for cell in line] for line in lines],
        "column_settings": [{"align": align} for align in find_alignments(rows)],
    }
    text = [escape_text(" | ".join(line)) for line in lines]
    left_out = len(rows.rows) - (len(lines) - 1)
    if not left_out:
        return Message("\n".join(text), (table,))
    notice = f"{left_out:,} more {'row is' if left_out == 1 else 'rows are'} left out."
    context = {"type": "context", "elements": [{"type": "plain_text", "text": notice}]}
    return Message("\n".join([*text, notice]), (table, context))


def take_fitting(rows: Sequence[Sequence[Any]], length: int) -> Iterator[list[str]]:
    """Yield the cells of the first rows, as long as the table with `length` characters before them has room."""
    for row in rows[:MAX_ROWS]:
        cells = [fit(show(value), MAX_CELL) for value in row]
        length += sum(map(utf16_length, cells))
        if length > MAX_ALL_CELLS:
            return
        yield cells


def find_alignments(rows: Rows) -> list[str]:
    """Return `right` for each column of numbers, else `left`."""
    columns = zip(*rows.rows, strict=True)
    return ["right" if is_numeric([value for value in column if value is not None]) else "left" for column in columns]


def is_numeric(values: Sequence[Any]) -> bool:
    """Are there values, and are all of them numbers?"""
    return bool(values) and all(isinstance(v, int | float | Decimal) and not isinstance(v, bool) for v in values)


def fit(text: str, length: int) -> str:
    """Return the text in one line of at most `length` characters, and a blank for an empty text."""
    return shorten(" ".join(text.split()), length) or " "


def show(value: Any) -> str:
    """Return a value as a person reads it."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case float():
            return format(value, ".15g") if math.isfinite(value) else ""
        case Decimal() if value.is_finite() and abs(value.adjusted()) < MAX_DIGITS:
            return format(value, "f")
        case datetime():
            return value.strftime("%Y-%m-%d %H:%M" if value.second == 0 else "%Y-%m-%d %H:%M:%S")
        case date():
            return value.isoformat()
        case timedelta():
            return str(value)
    return str(value)
