"""File formats of schedules, how to tell them apart, and the record that a line is read into."""

from collections.abc import Collection
from difflib import get_close_matches
from enum import StrEnum
from typing import NamedTuple

from schedbot import times
from schedbot.admin.fields.parsers import MAX_FIELD_LENGTH, clean_cell
from schedbot.admin.fields.schedule_fields import COLUMNS
from schedbot.errors import BadInput

READ_ONLY = ("source",)  # columns of an export that an import leaves out


class Format(StrEnum):
    """Format of a file of schedules."""

    CSV = "csv"
    JSONL = "jsonl"


class Record(NamedTuple):
    """One schedule of a file: text by column. An empty text is the default; a missing column is not given."""

    line: int
    fields: dict[str, str]

    @property
    def name(self) -> str:
        """Name of the schedule; empty if the line has none."""
        return self.fields.get("name", "")


def make_record(line: int, columns: Collection[str], texts: Collection[str]) -> Record:
    """Return the record of a line, with each cell cleaned and without READ_ONLY columns. Raises BadField."""
    joined = "".join(texts)
    if joined.isascii() and len(joined) <= MAX_FIELD_LENGTH:  # such texts are cleaned by strip alone
        fields = dict(zip(columns, map(str.strip, texts), strict=True))
        for column in READ_ONLY:
            fields.pop(column, None)
        return Record(line, fields)
    cells = zip(columns, texts, strict=True)
    return Record(line, {column: clean_cell(column, text) for column, text in cells if column not in READ_ONLY})


def unknown_column(column: str) -> BadInput:
    """Return the error for a column that does not exist, with the nearest name."""
    near = get_close_matches(column.lower(), COLUMNS, n=1)
    hint = f"Did you mean '{near[0]}'?" if near else f"The columns are {', '.join(COLUMNS)}."
    return BadInput(f"No column named {times.quote(column)} exists.", hint)


def decode(raw: bytes, name: str) -> str:
    """Return the text of a file, without a byte order mark. Raises BadInput for a file that is not UTF-8."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        problem = f"'{name}' is not UTF-8 text: line {line} has the byte 0x{raw[error.start]:02x}."
        raise BadInput(problem, "Save it as UTF-8 (in a spreadsheet: 'CSV UTF-8').") from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise BadInput(f"'{name}' has a zero byte in line {line}.", "Save it as UTF-8 text without zero bytes.")
    return text


def detect_format(name: str, text: str) -> Format:
    """Return the format by the name's ending, else by the first character. Raises BadInput for a JSON array."""
    ending = name.rpartition(".")[2].lower()
    if ending in ("jsonl", "ndjson"):
        return Format.JSONL
    first = text.lstrip()[:1]
    if ending != "csv" and first == "[":
        problem = f"'{name}' is one JSON array."
        raise BadInput(problem, "JSON Lines has one object on each line: jq -c '.[]' converts the array.")
    return Format.JSONL if ending != "csv" and first == "{" else Format.CSV
