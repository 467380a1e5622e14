"""When the machine is off in a simulation: no tick runs then and nothing is posted. Instants are UTC milliseconds."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple
from zoneinfo import ZoneInfo

from schedbot import times
from schedbot.errors import BadInput


class Downtime(NamedTuple):
    """Off from `start` up to `end`, which is not in it."""

    start: int
    end: int


def parse_downtimes(texts: Iterable[str], tz: ZoneInfo, now: int) -> tuple[Downtime, ...]:
    """`2026-12-01 08:50/30m` each, in order of time. Raises BadInput."""
    return tuple(sorted(parse_downtime(text, tz, now) for text in texts))


def parse_downtime(text: str, tz: ZoneInfo, now: int) -> Downtime:
    when, slash, span = text.rpartition("/")
    if not slash:
        raise BadInput(f"{times.quote(text)} does not say how long.", "Write WHEN/SPAN: '2026-12-01 08:50/30m'.")
    start = times.parse_future(when, tz, now)
    return Downtime(start, start + times.parse_duration(span))


def first_up(downs: Sequence[Downtime], at: int) -> int:
    """The first instant from `at` on at which the machine runs. `downs` are in order of time."""
    for down in downs:
        if down.start <= at < down.end:
            at = down.end
    return at
