"""When a simulation ticks, and how far ahead: as far as what a tick makes does not depend on when it runs.

An occurrence that some tick sees in time becomes the same job at whichever minute that is. So one tick stands for all
up to the next downtime, or to the end of a pause, which only a tick near it may see. Instants are UTC milliseconds.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from schedbot.admin.simulation.downtimes import Downtime, first_up
from schedbot.store.database import Database
from schedbot.store.fanout import simulation_copy
from schedbot.store.fanout.enqueue import LOOK_AHEAD_MS
from schedbot.store.schedules import recurrences

MINUTE_MS = 60_000
DAY_MS = 86_400_000
LONGEST_MS = 64 * DAY_MS
# Jobs of one tick, about: the copy stays small, and what a tick costs by itself is spread over many.
FEW, MANY = 20_000, 80_000


@dataclass(frozen=True, slots=True)
class SimulationSpan:
    """From `start` up to `end`, which is not in it; the machine is off in `downs`, which are in order of time."""

    start: int
    end: int
    downs: Sequence[Downtime] = ()


class TickSteps:
    """The ticks over a copy: (when, how far ahead in milliseconds), each worked out when the one before is over."""

    def __init__(self, copy: Database, span: SimulationSpan) -> None:
        self.copy = copy
        self.span = span
        self.stride_ms = DAY_MS
        self.ahead_ms = 0

    def __iter__(self) -> Iterator[tuple[int, int]]:
        now = self.span.start
        while (event := self.next_event()) is not None and event < self.span.end:
            now = minute_up(self.span.downs, max(now, event - LOOK_AHEAD_MS))
            self.ahead_ms = self.ahead(now)
            yield now, self.ahead_ms
            now += MINUTE_MS

    def made(self, jobs: int) -> None:
        """Say how many jobs the tick made, so that the next one makes neither few nor very many."""
        if jobs > MANY:
            self.stride_ms = max(LOOK_AHEAD_MS, self.ahead_ms // 2)
        elif jobs < FEW and self.ahead_ms >= self.stride_ms:
            self.stride_ms = min(LONGEST_MS, 2 * self.stride_ms)

    def next_event(self) -> int | None:
        """The next instant that matters to a tick: an occurrence that is not enqueued yet, or the end of a pause."""
        found = (recurrences.next_due(self.copy), simulation_copy.next_end_of_a_pause(self.copy))
        return min((at for at in found if at is not None), default=None)

    def ahead(self, now: int) -> int:
        """How far the tick of `now` may look: never less than a real one does."""
        ends = [now + self.stride_ms, self.span.end, last_look(self.span.downs, now)]
        if (pause := simulation_copy.next_end_of_a_pause(self.copy)) is not None:
            ends.append(pause - 1)
        return max(LOOK_AHEAD_MS, min(ends) - now)


def minute_up(downs: Sequence[Downtime], at: int) -> int:
    """The first full minute from `at` on at which the machine runs."""
    now = first_up(downs, at)
    while (minute := -(-now // MINUTE_MS) * MINUTE_MS) != now:
        now = first_up(downs, minute)
    return now


def last_look(downs: Sequence[Downtime], now: int) -> int:
    """How far the last tick before the next downtime looks."""
    start = min((down.start for down in downs if down.start > now), default=now + 2 * LONGEST_MS)
    return (start - 1) // MINUTE_MS * MINUTE_MS + LOOK_AHEAD_MS
