"""Table of a query's rows, for a report without a template.

Rules: cells are `raw_text`, so that nothing in the data is markup; the text beside the table is escaped. Rows beyond
Slack's limits go on in more tables (see `limits`). Slack refuses an empty cell, so it gets a blank.
Source: https://docs.slack.dev/reference/block-kit/blocks/table-block
"""

import math
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from schedbot.errors import ReportFailed
from schedbot.model import Message
from schedbot.reports.escaping import escape_text
from schedbot.reports.long_content.split_text import shorten
from schedbot.reports.sources.query_rows import Rows

MAX_COLUMNS = 20
MAX_HEADER, MAX_CELL = 100, 3_000
MAX_TEXT_ROWS = 100  # in the text for notifications, which has 4,000 characters
MAX_DIGITS = 40


def build(rows: Rows) -> Message:
    """Return a message with the rows as a table. Raises ReportFailed for too many columns."""
    if len(rows.columns) > MAX_COLUMNS:
        problem = f"The query has {len(rows.columns)} columns; a table in Slack has at most {MAX_COLUMNS}."
        raise ReportFailed(problem, "Select fewer columns, or give the report a template.")
    header = [fit(column, MAX_HEADER) for column in rows.columns]
    lines = [header, *([fit(show(value), MAX_CELL) for value in row] for row in rows.rows)]
    table = {
        "type": "table",
        "rows": [[{"type": "raw_text", "text": cell} for cell in line] for line in lines],
        "column_settings": [{"align": align} for align in find_alignments(rows)],
    }
    return Message("\n".join(escape_text(" | ".join(line)) for line in lines[:MAX_TEXT_ROWS]), (table,))


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
