"""Text of `schedbot --help`, in lines that fit the terminal. It needs no parser of options, which is slow to load."""

import os
from collections.abc import Iterator, Mapping

from schedbot.command_table import COMMANDS, DESCRIPTION, EXAMPLE, OPTIONS

WIDEST, NARROWEST = 78, 50
INDENT = "  "


def width() -> int:
    """Return the columns of the help."""
    return max(min(terminal_columns() - 2, WIDEST), NARROWEST)


def terminal_columns() -> int:
    """Return the columns as `shutil.get_terminal_size` does, which takes 3 ms to load."""
    if (columns := os.environ.get("COLUMNS", "")).isdecimal() and int(columns):
        return int(columns)
    try:
        return os.get_terminal_size(1).columns or 80
    except OSError:
        return 80


def build() -> str:
    """Return the help."""
    columns = width()
    lines = ["Usage: schedbot [OPTIONS] COMMAND [ARGS]...", "", *wrap(DESCRIPTION, columns, INDENT), ""]
    lines += [f"{INDENT}Example:", f"{INDENT * 2}{EXAMPLE}"]
    for title, entries in {"Options": OPTIONS, **COMMANDS}.items():
        lines += ["", f"{title}:", *list_entries(entries, columns)]
    return "\n".join(lines) + "\n"


def list_entries(entries: Mapping[str, str], columns: int) -> Iterator[str]:
    """Yield the lines of a list: names, and beside them their sentences."""
    start = max(map(len, entries)) + 2
    for name, sentence in entries.items():
        first, *rest = wrap(sentence, max(columns - start - 2, 10))
        yield f"{INDENT}{name:<{start}}{first}"
        yield from (f"{INDENT}{'':{start}}{line}" for line in rest)


def wrap(text: str, columns: int, indent: str = "") -> list[str]:
    if len(indent) + len(text) <= columns:
        return [indent + text]
    import textwrap

    return textwrap.wrap(text, columns, initial_indent=indent, subsequent_indent=indent)
