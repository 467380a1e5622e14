"""Read CSV with a header, as spreadsheets write it. Each record has the physical line that it starts on.

Rule: a row with more or fewer cells than the header is an error, since a shifted cell would land in another column.
Source: https://www.rfc-editor.org/rfc/rfc4180
"""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from typing import Any

from schedbot import text_input
from schedbot.admin.fields.parsers import BadField
from schedbot.admin.fields.schedule_fields import COLUMNS
from schedbot.admin.import_export.formats import READ_ONLY, Record, make_record, unknown_column
from schedbot.admin.import_export.line_errors import LineErrors
from schedbot.errors import BadInput
from schedbot.text_input import quote

MAX_CELL_LENGTH = 10_000_000
BLOCK = 65_536  # characters of whole lines that are split at once
# Excel reads the separator from such a line at the start, and does not count it as data.
SEPARATOR_LINE = re.compile(r'"?sep=([^\r\n"])"?\s*?(?:\r\n|\n|\r)', re.IGNORECASE)


def read_csv(text: str, errors: LineErrors) -> Iterator[Record]:
    """Yield the records of CSV, separated as a line `sep=;` or the header shows: by commas, semicolons or tabs."""
    csv.field_size_limit(MAX_CELL_LENGTH)
    separator = SEPARATOR_LINE.match(text)
    first_line, start = (2, separator.end()) if separator else (1, 0)
    delimiter = separator[1] if separator else find_delimiter(text)
    lines = split_lines(text, start)
    reader = csv.reader(lines, delimiter=delimiter, strict=True, skipinitialspace=delimiter != " ")
    rows = numbered_rows(reader, first_line, errors)
    line, header = next(rows, (1, []))
    columns = without_empty_end([text_input.clean(column).lower() for column in header], 0)
    if not check_header(line, columns, errors):
        return
    width = len(columns)
    for line, row in rows:
        cells = row if len(row) == width else without_empty_end(row, width)
        if len(cells) == width:
            try:
                yield make_record(line, columns, cells)
            except BadField as error:
                errors.add(line, error.column, error)
        else:
            errors.add(line, "row", wrong_length(cells, header, columns))


def split_lines(text: str, start: int) -> Iterator[str]:
    """Yield the lines of a text with their ends, block by block: a StringIO of the whole takes four times the room."""
    while start < len(text):
        end = text.rfind("\n", start, start + BLOCK) + 1 or text.find("\n", start) + 1 or len(text)
        yield from io.StringIO(text[start:end], newline="")
        start = end


def without_empty_end(cells: list[str], least: int) -> list[str]:
    """Return the cells without empty ones at the end, but at least `least`: spreadsheets fill up rows with them."""
    length = len(cells)
    while length > least and not cells[length - 1].strip():
        length -= 1
    return cells[:length]


def wrong_length(cells: Sequence[str], header: Sequence[str], columns: Sequence[str]) -> BadInput:
    """Return the error of a row with more or fewer cells than the header has columns."""
    if len(columns) < len(cells) <= len(header):
        problem = f"Column {len(cells)} has no name, and the row has {quote(cells[-1])} in it."
        return BadInput(problem, "Give the column its name in the header, or empty the cell.")
    problem = f"The row has {len(cells)} cells, and the header has {len(columns)}."
    return BadInput(problem, "Quote cells with commas; leave cells empty for the default.")


def numbered_rows(reader: Any, first_line: int, errors: LineErrors) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that are not empty, each with the line that it starts on."""
    line = first_line
    try:
        for row in reader:
            if any(map(str.strip, row)):
                yield line, row
            line = first_line + reader.line_num
    except csv.Error as error:
        errors.add(line, "row", BadInput(explain(str(error)), QUOTING))


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
    start = len(text) - len(text.lstrip("\r\n"))
    end = text.find("\n", start)
    return max(",;\t", key=lambda mark: text.count(mark, start, len(text) if end < 0 else end))


def check_header(line: int, columns: Sequence[str], errors: LineErrors) -> bool:
    """Is every column known and unique? Adds an error for each that is not."""
    is_good = bool(columns)
    for number, column in enumerate(columns):
        if not column:
            hint = "Give it a name, or delete the column."
            errors.add(line, "header", BadInput(f"Column {number + 1} has no name.", hint))
            is_good = False
        elif column not in COLUMNS and column not in READ_ONLY:
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
