"""Values of the tables of named reports. Each error names the table and the key."""

import re
from collections.abc import Mapping
from typing import Any

from schedbot import text_input
from schedbot.errors import BadInput

MEMORY = re.compile(r"(\d{1,6})\s*([MG])(?:i?B)?")
LEAST_MEMORY = 16 << 20


def check_table(section: str, name: str, table: Any) -> None:
    """Raise BadInput unless the value of `[section.name]` is a table."""
    if not isinstance(table, dict):
        raise BadInput(f"'{section}.{name}' is not a table.", f"Write [{section}.{name}] on a line of its own.")


def parse_text(place: str, key: str, table: Mapping[str, Any]) -> str:
    """Return a text without blanks around it; '' if the key is not there. Raises BadInput."""
    value = table.get(key, "")
    if not isinstance(value, str):
        raise BadInput(f"'{key}' in {place} is not a text.", "Write one text in quotes.")
    return text_input.clean_path(value)


def parse_strings(place: str, key: str, table: Mapping[str, Any]) -> tuple[str, ...]:
    """Return a list of texts that is not empty: a program and its arguments. Raises BadInput."""
    value = table.get(key)
    if not isinstance(value, list) or not value or not all(isinstance(entry, str) and entry for entry in value):
        problem = f"'{key}' in {place} is not a list of texts."
        raise BadInput(problem, f'Write it like {key} = ["./report", "--account", "{{account}}"].')
    return tuple(value)


def parse_whole(place: str, key: str, table: Mapping[str, Any], default: int, most: int) -> int:
    """Return a whole number from 1 to `most`. Raises BadInput."""
    value = table.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
        raise BadInput(f"'{key}' in {place} is {value!r}, which is not a number from 1 to {most}.", "Write a number.")
    return value


def parse_memory(place: str, key: str, table: Mapping[str, Any], default: int) -> int:
    """Return a size in bytes: `512M`, `2G`. Raises BadInput."""
    if key not in table:
        return default
    text = str(table[key])
    match = MEMORY.fullmatch(text.strip())
    size = int(match[1]) << (30 if match[2] == "G" else 20) if match else 0
    if size < LEAST_MEMORY:
        problem = f"'{key}' in {place} is {text_input.quote(text)}, which is not a size of at least 16M."
        raise BadInput(problem, 'Write it like "512M" or "2G".')
    return size
