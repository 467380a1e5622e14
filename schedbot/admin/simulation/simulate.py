"""What would be due, missed and skipped in a span of time: the real tick over the real schedules, on a virtual clock.

It runs in a copy, so nothing real changes, and it says the same at every run. A tick comes at each full minute outside
of the downtimes. Where none comes between, one tick looks ahead for many, which makes the same jobs (strides.py). What
is enqueued counts as posted as soon as the machine is on; if its grace is over by then, it is missed. Instants are UTC
milliseconds.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from schedbot.admin.simulation.downtimes import Downtime, first_up
from schedbot.admin.simulation.tick_steps import SimulationSpan, TickSteps
from schedbot.model import JobState, Recurrence, Schedule, ScheduleState
from schedbot.rules import recurrence
from schedbot.rules.recurrence import ClockChange
from schedbot.session import Session
from schedbot.store.database import Database
from schedbot.store.fanout import simulation_copy
from schedbot.store.fanout.simulation_copy import Made
from schedbot.store.schedules import schedules
from schedbot.store.schedules.schedules import Filters

# A tick over so far ahead; returns how many occurrences it put on record.
Tick = Callable[[Session, int], int]


@dataclass(frozen=True, slots=True)
class SimulatedOccurrence:
    """One occurrence. `late_ms` is how late it would be posted: downtimes, jitter, and the pace of its channel."""

    due_at: int
    schedule: str
    tz: str
    state: JobState
    error: str | None
    late_ms: int | None


@dataclass(slots=True)
class ScheduleTally:
    """What a schedule comes to."""

    states: Counter[JobState] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    latest_ms: int = 0

    def add(self, one: SimulatedOccurrence) -> None:
        """Count one occurrence."""
        self.states[one.state] += 1
        self.latest_ms = max(self.latest_ms, one.late_ms or 0)
        if one.error:
            self.reasons[one.error] += 1


def simulate(
    session: Session, span: SimulationSpan, tick: Tick, reached: Callable[[int], None]
) -> Iterator[SimulatedOccurrence]:
    """The occurrences of the span in order of time. `reached` is told how far the virtual clock is."""
    with simulation_copy.copied(session.db, span.start) as copy:
        strides = TickSteps(copy, span)
        for at, ahead_ms in strides:
            strides.made(tick(frozen_at(session, copy, at), ahead_ms))
            reached(min(at + ahead_ms, span.end))
            yield from (
                settle(copy, one, span.downs)
                for one in simulation_copy.take_made(copy, min(at + ahead_ms + 1, span.end))
            )
        # What was skipped in advance, after the last tick.
        yield from (settle(copy, one, span.downs) for one in simulation_copy.take_made(copy, span.end))
    reached(span.end)


def frozen_at(session: Session, copy: Database, at: int) -> Session:
    return replace(session, db=copy, now=lambda: at)


def settle(copy: Database, made: Made, downs: Sequence[Downtime]) -> SimulatedOccurrence:
    """What becomes of a job: a queued one is posted once the machine is on, unless its grace is over by then.

    Where its calendar is closed by then, it waits for the opening, or is left out.
    """
    if made.state is not JobState.QUEUED:
        return SimulatedOccurrence(made.due_at, made.schedule, made.tz, made.state, made.error, None)
    posted_at, goes_at, deadline_at = first_up(downs, made.available_at), made.goes_at, made.deadline_at
    while made.available_at < posted_at <= deadline_at:
        closed = simulation_copy.closed_at(copy, made.schedule, made.due_at, posted_at)
        if closed is None:
            break
        reason, opens = closed
        if opens is None:
            return SimulatedOccurrence(made.due_at, made.schedule, made.tz, JobState.SKIPPED, reason, None)
        posted_at, goes_at, deadline_at = first_up(downs, opens), opens, deadline_at + opens - goes_at
    if posted_at > deadline_at:
        return SimulatedOccurrence(made.due_at, made.schedule, made.tz, JobState.MISSED, "deadline", None)
    return SimulatedOccurrence(made.due_at, made.schedule, made.tz, made.state, made.error, max(0, posted_at - goes_at))


def find_paused(session: Session) -> list[Schedule]:
    """Schedules that are off until somebody resumes them: nothing of theirs is simulated."""
    off = (ScheduleState.PAUSED, ScheduleState.SUSPENDED)
    every = schedules.named_like(session.db, Filters(states=off))
    return [one for one in every if one.state_until is None]


def find_clock_changes(session: Session, span: SimulationSpan) -> list[tuple[ClockChange, str, list[str]]]:
    """Each clock change that touches schedules: the change, its zone, and their names; in order of time."""
    by_rule: dict[Recurrence, list[str]] = {}
    for one in schedules.named_like(session.db, Filters(states=(ScheduleState.ACTIVE,))):
        by_rule.setdefault(one.recurrence, []).append(one.name)
    touched: dict[tuple[ClockChange, str], list[str]] = {}
    for rule, names in by_rule.items():
        for change in recurrence.clock_changes(rule, span.start, span.end - 1):
            touched.setdefault((change, rule.tz), []).extend(names)
    ordered = sorted(touched.items(), key=lambda pair: (pair[0][0].at, pair[0][1], pair[0][0].effect.value))
    return [(change, tz, sorted(names)) for (change, tz), names in ordered]
