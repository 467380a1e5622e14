"""Read JSON Lines with the columns as keys. A value becomes the text that a CSV cell would hold.

Source: https://jsonlines.org
"""

import json
from collections.abc import Iterator
from functools import partial
from typing import Any

from schedbot import text_input, times
from schedbot.admin.fields.parsers import BadField, parse
from schedbot.admin.fields.schedule_fields import COLUMNS
from schedbot.admin.import_export.formats import READ_ONLY, Record, make_record, unknown_column
from schedbot.admin.import_export.line_errors import LineErrors
from schedbot.reports.sync_sources.cell_text import to_text


def read_json_lines(text: str, errors: LineErrors) -> Iterator[Record]:
    """Yield the records of JSON Lines: an object on each line. Only a newline ends a line, whatever a text contains."""
    for line, json_text in enumerate(text.split("\n"), start=1):
        if not json_text.strip():
            continue
        try:
            cells = parse_object(json_text)
            yield make_record(line, cells.keys(), cells.values())
        except BadField as error:
            errors.add(line, error.column, error)


def parse_object(json_text: str) -> dict[str, str]:
    """Return the cells of one line by column. Raises BadField for the first that is wrong."""
    try:
        values = json.loads(json_text)
    except RecursionError:
        error = text_input.too_deep()
        raise BadField("line", str(error), error.hint) from None
    except ValueError:
        raise BadField("line", f"{times.quote(json_text)} is not JSON.", "Write one object on each line.") from None
    if not isinstance(values, dict):
        raise BadField("line", f"{times.quote(json_text)} is not an object.", "Write {...} on each line.")
    columns = {text_input.clean(column): value for column, value in values.items()}
    return {column: parse(column, partial(to_cell, column), value) for column, value in columns.items()}


def to_cell(column: str, value: Any) -> str:
    """Return a JSON value as the text that a CSV cell would hold. Raises BadInput."""
    if column not in COLUMNS and column not in READ_ONLY:
        raise unknown_column(column)
    return to_text(column, value)
