"""Log on stderr, one line for each event: `time level event key=value ...`. It never contains a token."""

import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from schedbot.errors import TOKEN as TOKEN
from schedbot.errors import redact_tokens as redact_tokens

PROGRAM = Path(__file__).parent
ENGINE = PROGRAM / "store" / "sqlite"
quiet = False


def event(name: str, level: str = "info", **values: object) -> None:
    """Write one event. Values are as `format_value` returns them; Slack tokens are redacted."""
    if quiet and level == "info":
        return
    write_line(format_line(name, level, **values))


def format_line(name: str, level: str, **values: object) -> str:
    """Return the line of an event."""
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    fields = " ".join(f"{key}={format_value(value)}" for key, value in values.items() if value is not None)
    return redact_tokens(f"{stamp} {level} {name}{' ' + fields if fields else ''}")


def print_line(line: str) -> None:
    """Print a line on stderr."""
    with suppress(OSError, ValueError):  # a log that cannot be written must not stop a post
        print(line, file=sys.stderr, flush=True)


write_line: Callable[[str], None] = print_line  # a pool replaces it by one that never blocks


def failure(step: str, error: Exception, **values: object) -> None:
    """Write that a step met an unexpected error: its type and place, not its text, which may quote a secret."""
    event("step_failed", "error", step=step, error=type(error).__name__, place=find_place(error), **values)


def find_place(error: BaseException) -> str:
    """Return the innermost line of this program that the error passed, as `schedbot/worker/pool.py:91`.

    Lines of the database's engine are left out, since every statement passes them.
    """
    place, traceback = "unknown", error.__traceback__
    while traceback is not None:
        path = Path(traceback.tb_frame.f_code.co_filename)
        if path.is_relative_to(PROGRAM) and not path.is_relative_to(ENGINE):
            place = f"{path.relative_to(PROGRAM.parent)}:{traceback.tb_lineno}"
        traceback = traceback.tb_next
    return place


def format_value(value: object) -> str:
    """Return the value on one line, in quotes if it has spaces or quotes, so that it cannot look like another line.

    Characters that cannot be seen or that steer a terminal are escapes.
    """
    text = str(value).replace("\n", " ")
    if not text.isprintable():
        text = "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)
    if " " not in text and '"' not in text:
        return text
    return '"' + text.replace("\\", r"\\").replace('"', r"\"") + '"'
