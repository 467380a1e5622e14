"""Files of rows, for reports: CSV that spreadsheets read.

Rule: a cell of a text that a spreadsheet would take for a formula gets an apostrophe before it, so that a value from a
customer runs nothing. The file is UTF-8 with a byte order mark, which Excel needs.
Source: https://owasp.org/www-community/attacks/CSV_Injection
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from schedbot.errors import ReportFailed
from schedbot.posts import File

FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_file(name: str, rows: Iterable[Any], title: str = "") -> File:
    """Return a CSV file of rows: lists of cells, or objects, whose keys become the header.

    Raises ReportFailed for rows that are neither.
    """
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    columns: list[str] = []
    for number, row in enumerate(rows):
        if isinstance(row, Mapping):
            if not columns:
                columns = [str(key) for key in row]
                writer.writerow(map(clean_cell, columns))
            writer.writerow([clean_cell(row.get(column)) for column in columns])
        elif isinstance(row, Sequence) and not isinstance(row, str | bytes):
            writer.writerow(map(clean_cell, row))
        else:
            raise ReportFailed(
                f"csv_file: row {number} is a {type(row).__name__}, not a list or an object.",
                'Give rows such as [["day", "orders"], ["Monday", 12]].',
            )
    return File(name, buffer.getvalue().encode("utf-8-sig"), title)


def clean_cell(value: Any) -> Any:
    """Return a cell that no spreadsheet takes for a formula. Numbers stay."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
