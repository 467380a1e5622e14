"""Check the files that a report gives back.

A file is a `File`, a figure, or the bytes of a picture. The content of a `File` is bytes, a text, or a figure.
"""

from dataclasses import replace
from pathlib import PurePath
from typing import Any

from schedbot.errors import ReportFailed
from schedbot.posts import File
from schedbot.reports.escaping import clean
from schedbot.reports.files.draw_pictures import find_title, is_figure, sniff
from schedbot.reports.long_content.split_text import shorten

MAX_FILES = 20
MAX_BYTES = 1 << 30  # Slack's limit of a file
MAX_NAME = 200
MAX_TITLE = 255  # ours: Slack names no bound, and shows one line
HINT = 'Give back File("sales.csv", content), where content is bytes, a text or a figure.'


def parse_files(files: Any, source: str) -> tuple[File, ...]:
    """Return the files of a report. Raises ReportFailed, which names `source` and the file."""
    if not isinstance(files, list | tuple):
        raise ReportFailed(f"{source} returned 'files' that are not a list.", HINT)
    if len(files) > MAX_FILES:
        raise ReportFailed(f"{source} returned {len(files)} files; a message may have {MAX_FILES}.", "Leave some out.")
    parsed = tuple(parse_file(file, f"files[{number}]", source) for number, file in enumerate(files))
    names = [file.name for file in parsed]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise ReportFailed(f"{source} returned two files named '{twice}'.", "Give each file a name of its own.")
    return parsed


def parse_file(file: Any, place: str, source: str) -> File:
    """Return a file with a clean name and its content."""
    checked = file if isinstance(file, File) else make_file(file)
    if checked is None:
        raise ReportFailed(f"{source} returned {place} that is no file.", HINT)
    for name in ("name", "title", "alt"):
        if not isinstance(getattr(checked, name), str):
            raise ReportFailed(f"{source} returned {place} with a '{name}' that is not a text.", HINT)
    name = " ".join(PurePath(clean(checked.name)).name.split())[-MAX_NAME:]
    if not name:
        raise ReportFailed(f"{source} returned {place} without a name.", 'Name it like "sales.csv".')
    content = check_content(checked.content, f"the file '{name}'", source)
    title = shorten(" ".join(clean(checked.title).split()), MAX_TITLE)
    return replace(checked, name=name, content=content, title=title, alt=clean(checked.alt))


def check_content(content: Any, subject: str, source: str) -> Any:
    """Return the content of a file: bytes, or a figure that is still to be drawn. Raises ReportFailed."""
    if isinstance(content, str):
        content = content.encode("utf-8", "replace")
    if isinstance(content, bytearray | memoryview):
        content = bytes(content)
    if is_figure(content):
        return content
    if not isinstance(content, bytes):
        raise ReportFailed(f"{source} returned {subject} with a content of type {type(content).__name__}.", HINT)
    if not content:
        raise ReportFailed(f"{source} returned {subject} without content.", "Leave it out if there is nothing in it.")
    if len(content) > MAX_BYTES:
        size = len(content) >> 20
        raise ReportFailed(
            f"{source} returned {subject} with {size:,} MB; Slack takes 1,024 MB.", "Send less, or link to it."
        )
    return content


def make_file(value: Any) -> File | None:
    """Return a figure or the bytes of a picture as a file; None for another value."""
    if is_figure(value):
        return File("chart.png", value, alt=find_title(value))
    kind = sniff(value) if isinstance(value, bytes) else ""
    return File(f"picture.{kind}", value) if kind else None
