"""A file of schedules becomes records, each with the line that it starts on; what cannot be read is complained of.

Rule: a complaint names line and column, and reading goes on with the next line, so that all are found at once.
"""

from collections.abc import Iterator
from enum import StrEnum

from schedbot.admin.import_export.csv_reader import from_csv
from schedbot.admin.import_export.jsonl_reader import from_json_lines
from schedbot.admin.import_export.records import Complaints, Record
from schedbot.errors import BadInput


class Format(StrEnum):
    """How a file of schedules is written."""

    CSV = "csv"
    JSONL = "jsonl"


def decoded(raw: bytes, name: str) -> str:
    """The file's text. Raises BadInput for what is not UTF-8; a byte order mark is dropped."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        hint = "Save it as UTF-8 (in a spreadsheet: 'CSV UTF-8')."
        raise BadInput(
            f"'{name}' is not UTF-8 text: line {line} has the byte 0x{raw[error.start]:02x}.", hint
        ) from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise BadInput(f"'{name}' holds a zero byte in line {line}.", "Save it as UTF-8 text, without such characters.")
    return text


def format_of(name: str, text: str) -> Format:
    """By the name's ending, else by the first character. Raises BadInput for JSON that is no JSON Lines."""
    ending = name.rpartition(".")[2].lower()
    if ending in ("jsonl", "ndjson"):
        return Format.JSONL
    first = text.lstrip()[:1]
    if ending != "csv" and first == "[":
        raise BadInput(f"'{name}' is one JSON array.", "JSON Lines has an object on each line: jq -c '.[]' makes them.")
    return Format.JSONL if ending != "csv" and first == "{" else Format.CSV


def records(text: str, form: Format, complaints: Complaints) -> Iterator[Record]:
    """The records in order; what is wrong goes to `complaints`."""
    return from_csv(text, complaints) if form is Format.CSV else from_json_lines(text, complaints)
