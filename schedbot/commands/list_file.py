"""File of schedules that a command reads, and its progress."""

import sys

from schedbot import text_input
from schedbot.admin.import_export.import_plan import Progress
from schedbot.errors import BadInput

STDIN = "-"


def read(file: str) -> bytes:
    """Return the bytes of the file. Raises BadInput."""
    if file == STDIN:
        return sys.stdin.buffer.read()
    try:
        return text_input.parse_path(file).read_bytes()
    except OSError as error:
        reason = (error.strerror or "unknown error").lower()
        raise BadInput(
            f"'{file}' cannot be read: {reason}.", hint="Use the name of a CSV or JSON Lines file, or '-' for stdin."
        ) from None


def progress_callback(bar: object) -> Progress:
    """Return a function that moves the progress bar. A total of 0 is not known."""

    def move(done: int, total: int) -> None:
        bar.update(bar.task_ids[0], completed=done, total=total or None)  # type: ignore[attr-defined]

    return move
