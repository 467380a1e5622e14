"""Parse and format durations, in milliseconds. A parsed duration is never negative."""

import re
from functools import lru_cache
from itertools import pairwise

from schedbot.errors import BadInput
from schedbot.text_input import explains_spelling, quote

SECOND, MINUTE, HOUR, DAY, WEEK = 1_000, 60_000, 3_600_000, 86_400_000, 604_800_000
UNITS = (("d", DAY), ("h", HOUR), ("min", MINUTE), ("s", SECOND), ("ms", 1))
LETTERS = {"w": WEEK, "d": DAY, "h": HOUR, "m": MINUTE, "s": SECOND}
DURATION = re.compile(r"(?:[0-9]{1,12}[smhdw])+", re.IGNORECASE)
MAX_DURATION = 3_653 * DAY


@explains_spelling
def parse_duration(text: str) -> int:
    """Return the milliseconds of `90s`, `15m`, `2h`, `3d`, `1w`, `1h30m` or `0s`. Raises BadInput."""
    words = "".join(text.split())
    if not DURATION.fullmatch(words):
        hint = "Write it like '90s', '15m', '2h', '3d', '1w' or '1h30m'."
        if re.fullmatch("[0-9]{1,9}", words):
            hint = f"Add the unit: '{words}s', '{words}m' or '{words}h'."
        elif words.startswith("-"):
            hint = "A duration is not negative: leave out the minus."
        raise BadInput(f"{quote(text)} is not a duration.", hint=hint)
    total = sum(
        int(n) * LETTERS[unit.lower()] for n, unit in re.findall(r"([0-9]{1,12})([smhdw])", words, re.IGNORECASE)
    )
    if total > MAX_DURATION:
        raise BadInput(f"{quote(text)} is too long.", hint="At most ten years: '3652d'.")
    return total


def format_duration(ms: int) -> str:
    """Return a duration for people, in its two largest units, rounded down: `1 h 30 min`."""
    if ms < 0:
        return f"-{format_duration(-ms)}"
    for (unit, size), (smaller, part) in pairwise(UNITS):
        if ms >= size:
            rest = ms % size // part if smaller != "ms" else 0
            return f"{ms // size} {unit}" + (f" {rest} {smaller}" if rest else "")
    return f"{ms} ms" if ms else "0 s"


@lru_cache(maxsize=1_024)
def unparse_duration(ms: int) -> str:
    """Return a duration in the form that `parse_duration` reads: `1h30m`. Milliseconds are dropped."""
    parts = []
    rest = ms
    for letter, size in LETTERS.items():
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count}{letter}")
    return "".join(parts) or "0s"


def format_relative(ms: int, now: int) -> str:
    """Return the distance of an instant from now, in one unit: `in 3 h`, `2 d ago`, `now`."""
    distance = abs(ms - now)
    if distance < SECOND:
        return "now"
    # A unit is used from 2 on: "in 90 min" is more precise than "in 2 h".
    unit, size = next(((u, s) for u, s in UNITS if distance >= 2 * s or (u == "s")), ("s", SECOND))
    count = (distance + size // 2) // size
    return f"in {count} {unit}" if ms > now else f"{count} {unit} ago"
