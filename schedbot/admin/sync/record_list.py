"""RecordList: the records of a sync, one by one, from a file, a table or mappings."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from schedbot import text_input
from schedbot.admin.fields.parsers import BadField, parse
from schedbot.admin.import_export.csv_reader import read_csv
from schedbot.admin.import_export.formats import Format, Record, decode, detect_format, make_record
from schedbot.admin.import_export.jsonl_reader import read_json_lines, to_cell
from schedbot.admin.import_export.line_errors import LineErrors
from schedbot.errors import BadInput
from schedbot.reports import definitions
from schedbot.reports.definitions import ReportDefinition
from schedbot.reports.sync_sources import client
from schedbot.session import Session


@dataclass(slots=True)
class RecordList:
    """Records, the errors of lines that cannot be read, and the title of their place: `'schedules.csv'`.

    `lines`: the number of lines, for a progress bar; 0: not known.
    """

    title: str
    records: Iterable[Record]
    errors: LineErrors = field(default_factory=LineErrors)
    lines: int = 0


def of_file(name: str, raw: bytes) -> RecordList:
    """Return the records of CSV or JSON Lines. Raises BadInput for a file that is no text."""
    text = decode(raw, name)
    errors = LineErrors()
    read = read_csv if detect_format(name, text) is Format.CSV else read_json_lines
    return RecordList(f"'{name}'", read(text, errors), errors, raw.count(b"\n"))


def of_table(session: Session, definition: ReportDefinition) -> RecordList:
    """Return the rows of a table `[sync.NAME]`. They are read when they are used."""
    rows = client.read_rows(definitions.load(session.settings), definition)
    return of_mappings(rows, f"[sync.{definition.name}]")


def of_mappings(items: Iterable[object], title: str = "the list") -> RecordList:
    """Return the records of mappings from column to value: text, number, bool, None, datetime, timedelta, dict."""
    errors = LineErrors("row")
    return RecordList(title, read_mappings(items, errors), errors)


def read_mappings(items: Iterable[object], errors: LineErrors) -> Iterator[Record]:
    """Yield a record for each mapping, with an error for each that cannot be used."""
    for number, item in enumerate(items, start=1):
        try:
            cells = to_cells(item)
            yield make_record(number, cells.keys(), cells.values())
        except BadField as error:
            errors.add(number, error.column, error)


def to_cells(item: object) -> dict[str, str]:
    """Return the cells of a mapping. Raises BadField for the first that is wrong."""
    if not isinstance(item, Mapping):
        raise BadField("row", f"It is of type '{type(item).__name__}', not a mapping of columns.", ONE_MAPPING)
    cells: dict[str, str] = {}
    for column, value in item.items():
        name = text_input.clean(str(column))
        convert: Any = partial(to_cell, name)
        cells[name] = parse(name, convert, value)
    return cells


ONE_MAPPING = 'Give {"name": ..., "channel": ..., ...} for each schedule.'


def refuse_text(items: object) -> None:
    """Raise BadInput for a text, a single mapping or another value in the place of a list."""
    if isinstance(items, str | bytes | Mapping) or not isinstance(items, Iterable | RecordList):
        raise BadInput(f"The list of schedules is of type '{type(items).__name__}'.", "Give a list of mappings.")
