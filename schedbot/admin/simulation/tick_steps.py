"""Ticks of a simulation: when each one runs, and how far it looks ahead.

An occurrence that a tick sees in time becomes the same job at whichever minute the tick runs. So one tick stands for
all ticks up to the next downtime, or up to the end of a pause, which only a tick shortly before it may see. Instants
are UTC milliseconds.
"""

from collections.abc import Iterator, Sequence

from schedbot.admin.simulation.downtimes import Downtime, SimulationSpan, next_uptime
from schedbot.store.database import Database
from schedbot.store.fanout import simulation_copy
from schedbot.store.fanout.insert_jobs import LOOK_AHEAD_MS
from schedbot.store.schedules import recurrences

MINUTE_MS = 60_000
DAY_MS = 86_400_000
MAX_STEP_MS = 64 * DAY_MS
# Bounds for the jobs of one tick: the copy stays small, and many jobs share the cost of a tick.
FEW_JOBS, MANY_JOBS = 20_000, 80_000


class TickSteps:
    """Iterates over the ticks: (instant, look-ahead in milliseconds). Each is computed after the tick before it."""

    def __init__(self, copy: Database, span: SimulationSpan) -> None:
        self.copy = copy
        self.span = span
        self.step_ms = DAY_MS
        self.ahead_ms = 0

    def __iter__(self) -> Iterator[tuple[int, int]]:
        now = self.span.start
        while (event := self.next_event()) is not None and event < self.span.end:
            now = next_tick(self.span.downtimes, max(now, event - LOOK_AHEAD_MS))
            self.ahead_ms = self.look_ahead(now)
            yield now, self.ahead_ms
            now += MINUTE_MS

    def adapt(self, jobs: int) -> None:
        """Adapt the next step to the number of jobs that the last tick enqueued."""
        if jobs > MANY_JOBS:
            self.step_ms = max(LOOK_AHEAD_MS, self.ahead_ms // 2)
        elif jobs < FEW_JOBS and self.ahead_ms >= self.step_ms:
            self.step_ms = min(MAX_STEP_MS, 2 * self.step_ms)

    def next_event(self) -> int | None:
        """Return the next occurrence that is not enqueued or the next end of a pause, whichever is first."""
        events = (recurrences.earliest_due(self.copy), simulation_copy.get_next_pause_end(self.copy))
        return min((at for at in events if at is not None), default=None)

    def look_ahead(self, now: int) -> int:
        """Return the look-ahead of the tick at `now`, at least that of a real tick."""
        ends = [now + self.step_ms, self.span.end, last_look_ahead(self.span.downtimes, now)]
        if (pause_end := simulation_copy.get_next_pause_end(self.copy)) is not None:
            ends.append(pause_end - 1)
        return max(LOOK_AHEAD_MS, min(ends) - now)


def next_tick(downtimes: Sequence[Downtime], at: int) -> int:
    """Return the first full minute from `at` on at which the machine runs."""
    now = next_uptime(downtimes, at)
    while (minute := -(-now // MINUTE_MS) * MINUTE_MS) != now:
        now = next_uptime(downtimes, minute)
    return now


def last_look_ahead(downtimes: Sequence[Downtime], now: int) -> int:
    """Return the end of the look-ahead of the last tick before the next downtime."""
    start = min((downtime.start for downtime in downtimes if downtime.start > now), default=now + 2 * MAX_STEP_MS)
    return (start - 1) // MINUTE_MS * MINUTE_MS + LOOK_AHEAD_MS
