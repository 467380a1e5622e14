"""Span of a simulation, and the downtimes of the machine in it: no tick runs then and nothing is posted.

Instants are UTC milliseconds.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from zoneinfo import ZoneInfo

from schedbot import times
from schedbot.errors import BadInput


class Downtime(NamedTuple):
    """Downtime from `start` up to `end`, which is excluded."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class SimulationSpan:
    """Span from `start` up to `end`, which is excluded. The downtimes are in order of time."""

    start: int
    end: int
    downtimes: Sequence[Downtime] = ()


def parse_downtimes(texts: Iterable[str], tz: ZoneInfo, now: int) -> tuple[Downtime, ...]:
    """Return the downtimes of texts such as `2026-12-01 08:50/30m`, in order of time. Raises BadInput."""
    return tuple(sorted(parse_downtime(text, tz, now) for text in texts))


def parse_downtime(text: str, tz: ZoneInfo, now: int) -> Downtime:
    when, slash, duration = text.rpartition("/")
    if not slash:
        problem = f"The downtime {times.quote(text)} has no duration."
        raise BadInput(problem, "Write WHEN/SPAN, for example '2026-12-01 08:50/30m'.")
    start = times.parse_future(when, tz, now)
    return Downtime(start, start + times.parse_duration(duration))


def next_uptime(downtimes: Sequence[Downtime], at: int) -> int:
    """Return the first instant from `at` on at which the machine runs."""
    for downtime in downtimes:
        if downtime.start <= at < downtime.end:
            at = downtime.end
    return at
