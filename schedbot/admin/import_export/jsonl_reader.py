"""JSON Lines with the columns as keys; a value is read as the text that a CSV's cell would hold.

Source: https://jsonlines.org
"""

import json
from collections.abc import Iterator
from typing import Any

from schedbot import times
from schedbot.admin.fields.parsers import COLUMNS
from schedbot.admin.import_export.records import Complaints, Record, unknown
from schedbot.errors import BadInput


def from_json_lines(text: str, complaints: Complaints) -> Iterator[Record]:
    """Records of JSON Lines: an object on each line. Only a newline ends a line, whatever else a text holds."""
    for line, words in enumerate(text.split("\n"), start=1):
        if not words.strip():
            continue
        try:
            found = json.loads(words)
        except (ValueError, RecursionError):
            complaints.add(line, "line", BadInput(f"{times.quote(words)} is not JSON.", "Write one object on a line."))
            continue
        if not isinstance(found, dict):
            complaints.add(line, "line", BadInput(f"{times.quote(words)} is no object.", "Write {...} on a line."))
            continue
        before = complaints.count
        fields = {column: cell(line, column, value, complaints) for column, value in found.items()}
        if complaints.count == before:
            yield Record(line, fields)


def cell(line: int, column: str, value: Any, complaints: Complaints) -> str:
    """A value of JSON as the text that a CSV's cell would hold."""
    if column not in COLUMNS:
        complaints.add(line, column, unknown(column))
        return ""
    if isinstance(value, str):
        return storable(line, column, value, complaints)
    if value is None:
        return ""
    if column == "params" or isinstance(value, bool):
        return storable(line, column, json.dumps(value, ensure_ascii=False), complaints)
    if isinstance(value, int | float):
        return str(value)
    kind = "a list" if isinstance(value, list) else "an object"
    complaints.add(line, column, BadInput(f"Its value is {kind}.", "Write a text, a number, true, false or null."))
    return ""


def storable(line: int, column: str, text: str, complaints: Complaints) -> str:
    """The text; a complaint where it holds a zero byte or half a character, as `\\ud83d` alone is."""
    if "\0" in text or not (text.isascii() or is_whole(text)):
        complaints.add(line, column, BadInput("It holds a zero byte or half of a character.", "Take it out."))
    return text


def is_whole(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
