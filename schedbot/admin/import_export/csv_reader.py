"""Read CSV with a header, as spreadsheets write it. Each record has the physical line that it starts on.

Rule: a row with more or fewer cells than the header is an error, since a shifted cell would land in another column.
Source: https://www.rfc-editor.org/rfc/rfc4180
"""

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any

from schedbot.admin.fields.schedule_fields import COLUMNS
from schedbot.admin.import_export.formats import Record, unknown_column
from schedbot.admin.import_export.line_errors import LineErrors
from schedbot.errors import BadInput

MAX_CELL_LENGTH = 10_000_000


def read_csv(text: str, errors: LineErrors) -> Iterator[Record]:
    """Yield the records of CSV, separated as the header is: by commas, semicolons or tabs."""
    csv.field_size_limit(MAX_CELL_LENGTH)
    rows = numbered_rows(csv.reader(io.StringIO(text, newline=""), delimiter=find_delimiter(text), strict=True), errors)
    line, header = next(rows, (1, []))
    columns = [column.strip().lower() for column in header]
    if not check_header(line, columns, errors):
        return
    for line, row in rows:
        if len(row) == len(columns):
            yield Record(line, dict(zip(columns, row, strict=True)))
        else:
            problem = f"The row has {len(row)} cells, and the header has {len(columns)}."
            errors.add(line, "row", BadInput(problem, "Quote cells with commas; leave cells empty for the default."))


def numbered_rows(reader: Any, errors: LineErrors) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that are not empty, each with the line that it starts on."""
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader, None)
        except csv.Error as error:
            errors.add(line, "row", BadInput(explain(str(error)), QUOTING))
            return
        if row is None:
            return
        if any(row):
            yield line, row


def explain(error: str) -> str:
    """Return a sentence for an error of the csv module."""
    return next((sentence for part, sentence in CSV_ERRORS if part in error), "Quotes or line ends are wrong.")


CSV_ERRORS = (
    ("unexpected end", "A quotation mark is opened and never closed."),
    ("expected after", "There is text between a closing quotation mark and the end of the cell."),
    ("new-line", "A cell without quotation marks has a line break."),
    ("field larger", f"A cell has more than {MAX_CELL_LENGTH:,} characters."),
)
QUOTING = 'Put a cell with a comma, quote or newline in quotes, and double each quote in it: "say ""hi""".'


def find_delimiter(text: str) -> str:
    """Return the character that separates the columns of the header."""
    header = text.lstrip("\r\n").partition("\n")[0]
    return max(",;\t", key=header.count)


def check_header(line: int, columns: Sequence[str], errors: LineErrors) -> bool:
    """Is every column known and unique? Adds an error for each that is not."""
    is_good = bool(columns)
    for number, column in enumerate(columns):
        if column not in COLUMNS:
            errors.add(line, column, unknown_column(column))
            is_good = False
        elif column in columns[:number]:
            errors.add(line, column, BadInput("This column is there twice.", "Remove one of the two."))
            is_good = False
    if not columns:
        errors.add(
            line, "header", BadInput("The file is empty.", f"The first line has the columns: {', '.join(COLUMNS)}.")
        )
    return is_good
