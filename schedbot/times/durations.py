"""How spans of time are read and written. A span is a number of milliseconds, never negative when it is read."""

import re
from itertools import pairwise

from schedbot.errors import BadInput

SECOND, MINUTE, HOUR, DAY, WEEK = 1_000, 60_000, 3_600_000, 86_400_000, 604_800_000
UNITS = (("d", DAY), ("h", HOUR), ("min", MINUTE), ("s", SECOND), ("ms", 1))
LETTERS = {"w": WEEK, "d": DAY, "h": HOUR, "m": MINUTE, "s": SECOND}
DURATION = re.compile(r"(?:[0-9]{1,12}[smhdw])+", re.IGNORECASE)
MAX_DURATION = 3_653 * DAY


def parse_duration(text: str) -> int:
    """A span in milliseconds: `90s`, `15m`, `2h`, `3d`, `1w`, `1h30m`; `0s` too. Raises BadInput."""
    words = "".join(text.split())
    if not DURATION.fullmatch(words):
        hint = "Write it like '90s', '15m', '2h', '3d', '1w' or '1h30m'."
        if re.fullmatch("[0-9]{1,9}", words):
            hint = f"Say the unit: '{words}s', '{words}m' or '{words}h'."
        elif words.startswith("-"):
            hint = "A span is not negative: leave out the minus."
        raise BadInput(f"{quote(text)} is not a span of time.", hint=hint)
    total = sum(int(n) * LETTERS[unit.lower()] for n, unit in re.findall(r"([0-9]+)([smhdw])", words, re.IGNORECASE))
    if total > MAX_DURATION:
        raise BadInput(f"{quote(text)} is too long a span.", hint="At most ten years: '3652d'.")
    return total


def format_duration(ms: int) -> str:
    """`1 h 30 min`: the two largest units, rounded down."""
    if ms < 0:
        return f"-{format_duration(-ms)}"
    for (unit, size), (smaller, part) in pairwise(UNITS):
        if ms >= size:
            rest = ms % size // part if smaller != "ms" else 0
            return f"{ms // size} {unit}" + (f" {rest} {smaller}" if rest else "")
    return f"{ms} ms" if ms else "0 s"


def unparse_duration(ms: int) -> str:
    """A span as `parse_span` reads it: `1h30m`. Parts of a second are dropped."""
    parts = []
    rest = ms
    for letter, size in LETTERS.items():
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count}{letter}")
    return "".join(parts) or "0s"


def quote(text: str) -> str:
    """What was typed, in quotes, for an error message: at most 60 characters of it."""
    return repr(text if len(text) <= 60 else f"{text[:57]}...")
