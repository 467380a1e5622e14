"""Read the files that a report's program has written: `"files": [{"name": "sales.csv", "path": "/tmp/sales.csv"}]`.

A path is relative to the folder of the configuration. A file that may be a picture is read as it is.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from schedbot import file_access
from schedbot.errors import ReportFailed
from schedbot.posts import File
from schedbot.reports.definitions import ReportDefinition

KEYS = ("name", "path", "title", "alt")
HINT = 'Write {"files": [{"name": "sales.csv", "path": "/tmp/sales.csv"}]}.'


def read_files(output: Any, definition: ReportDefinition) -> Any:
    """Return a program's output with the files that it names. Raises ReportFailed, which names the file."""
    files = output.get("files") if isinstance(output, Mapping) else None
    if not files:
        return output
    if not isinstance(files, list):
        raise ReportFailed("The command returned 'files' that are not a list.", HINT)
    return {**output, "files": [read_file(entry, number, definition) for number, entry in enumerate(files)]}


def read_file(entry: Any, number: int, definition: ReportDefinition) -> File:
    """Return a file with its content."""
    if not isinstance(entry, Mapping):
        raise ReportFailed(f"The command returned files[{number}], which is no object.", HINT)
    if unknown := next((key for key in entry if key not in KEYS), None):
        raise ReportFailed(f"The command returned files[{number}] with the unknown key '{unknown}'.", HINT)
    for key in KEYS:
        if not isinstance(entry.get(key, ""), str):
            raise ReportFailed(f"The command returned files[{number}] with a '{key}' that is not a text.", HINT)
    if not entry.get("path"):
        raise ReportFailed(f"The command returned files[{number}] without a path.", HINT)
    path = Path(definition.folder or ".", entry["path"])
    name = entry.get("name", path.name)
    return File(name, read_content(path, definition.memory_bytes), entry.get("title", ""), entry.get("alt", ""))


def read_content(path: Path, most: int) -> bytes:
    """Return the content of a file of at most `most` bytes, the memory of the report."""
    try:
        with os.fdopen(file_access.open_regular_file(path.resolve()), "rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size > most:
                problem = f"The file '{path}' of the command has {size >> 20:,} MB, more than the report's memory."
                raise ReportFailed(problem, "Write less, or raise 'memory' in the report's table.")
            return file.read()
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise ReportFailed(f"The file '{path}' of the command cannot be read: {reason}.", HINT) from None
