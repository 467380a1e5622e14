"""CSV with a header, as spreadsheets write it: each record has the physical line that it starts on.

Rule: a row that does not fit the header is wrong, since a shifted cell would be taken for another column's.
Source: https://www.rfc-editor.org/rfc/rfc4180
"""

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any

from schedbot.admin.fields.parsers import COLUMNS
from schedbot.admin.import_export.records import Complaints, Record, unknown
from schedbot.errors import BadInput

LONGEST_CELL = 10_000_000


def from_csv(text: str, complaints: Complaints) -> Iterator[Record]:
    """Records of CSV with a header; separated by commas, or as the header is (semicolons, tabs)."""
    csv.field_size_limit(LONGEST_CELL)
    rows = numbered(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter(text), strict=True), complaints)
    line, header = next(rows, (1, []))
    columns = [column.strip().lower() for column in header]
    if not header_is_good(line, columns, complaints):
        return
    for line, row in rows:
        if len(row) == len(columns):
            yield Record(line, dict(zip(columns, row, strict=True)))
        else:
            problem = f"It has {len(row)} cells, and the header has {len(columns)}."
            complaints.add(
                line, "row", BadInput(problem, "Quote a cell that holds a comma; leave empty what is default.")
            )


def numbered(reader: Any, complaints: Complaints) -> Iterator[tuple[int, list[str]]]:
    """The rows that hold something, each with the line that it starts on."""
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader, None)
        except csv.Error as error:
            complaints.add(line, "row", BadInput(in_words(str(error)), QUOTING))
            return
        if row is None:
            return
        if any(row):
            yield line, row


def in_words(theirs: str) -> str:
    """What the reader stumbled over, in our words."""
    return next((ours for part, ours in STUMBLES if part in theirs), "Its quotes or line ends are wrong.")


STUMBLES = (
    ("unexpected end", "A quotation mark is opened and never closed."),
    ("expected after", "Something stands between a closing quotation mark and the end of its cell."),
    ("new-line", "A line break stands in a cell without quotation marks."),
    ("field larger", f"A cell has more than {LONGEST_CELL:,} characters."),
)
QUOTING = 'A cell with a comma, a quote or a newline stands in quotes, and a quote in it is doubled: "say ""hi""".'


def delimiter(text: str) -> str:
    """What separates the header's columns."""
    header = text.lstrip("\r\n").partition("\n")[0]
    return max(",;\t", key=header.count)


def header_is_good(line: int, columns: Sequence[str], complaints: Complaints) -> bool:
    """Is every column known, and there once?"""
    before = complaints.count
    for number, column in enumerate(columns):
        if column not in COLUMNS:
            complaints.add(line, column, unknown(column))
        elif column in columns[:number]:
            complaints.add(line, column, BadInput("This column is there twice.", "Leave one of them out."))
    if not columns:
        complaints.add(line, "header", BadInput("The file is empty.", f"Its first line names: {', '.join(COLUMNS)}."))
    return complaints.count == before
