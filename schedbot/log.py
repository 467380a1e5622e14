"""Log on stderr, one line for each event: `time level event key=value ...`. It never contains a token."""

import re
import sys
import time
from contextlib import suppress

TOKEN = re.compile(r"(?:xox[a-z]?|xapp)[.-][A-Za-z0-9.-]{4,}")
quiet = False


def event(name: str, level: str = "info", **values: object) -> None:
    """Write one event. Values with spaces are quoted; Slack tokens are redacted."""
    if quiet and level == "info":
        return
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    fields = " ".join(f"{key}={format_value(value)}" for key, value in values.items() if value is not None)
    line = redact_tokens(f"{stamp} {level} {name}{' ' + fields if fields else ''}")
    with suppress(OSError, ValueError):  # a log that cannot be written must not stop a post
        print(line, file=sys.stderr, flush=True)


def format_value(value: object) -> str:
    """Return the value on one line, in quotes if it has spaces."""
    text = str(value).replace("\n", " ")
    return f'"{text}"' if " " in text else text


def redact_tokens(text: str) -> str:
    """Replace everything in the text that looks like a Slack token."""
    return TOKEN.sub("xox…", text)
