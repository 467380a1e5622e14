"""The program's log: one line an event on stderr, `time level event key=value ...`, and never a token.

Code emits events with facts; how they read is decided here.
"""

import re
import sys
import time
from contextlib import suppress

SECRET = re.compile(r"xox[a-z]?[.-][A-Za-z0-9.-]{4,}")
quiet = False


def event(name: str, level: str = "info", **facts: object) -> None:
    """Write one event. Values with spaces are quoted; what looks like a Slack token is struck out."""
    if quiet and level == "info":
        return
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    told = " ".join(f"{key}={worded(value)}" for key, value in facts.items() if value is not None)
    line = without_secrets(f"{stamp} {level} {name}{' ' + told if told else ''}")
    with suppress(OSError, ValueError):  # a log that cannot be written stops no post
        print(line, file=sys.stderr, flush=True)


def worded(value: object) -> str:
    text = str(value).replace("\n", " ")
    return f'"{text}"' if " " in text else text


def without_secrets(text: str) -> str:
    """The text with everything that looks like a Slack token struck out."""
    return SECRET.sub("xox…", text)
