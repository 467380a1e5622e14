"""Simulate a span of time: run the real tick over the real schedules, on a virtual clock, in a copy of the database.

Nothing real changes, and each run has the same result. A tick runs at each full minute outside of the downtimes; one
tick with a longer look-ahead stands for many (tick_steps.py). A queued job counts as posted as soon as the machine
runs; after its grace it is missed. Instants are UTC milliseconds.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from schedbot.admin.simulation.downtimes import Downtime, SimulationSpan, next_uptime
from schedbot.admin.simulation.tick_steps import TickSteps
from schedbot.model import JobState, Recurrence, Schedule, ScheduleState
from schedbot.rules import recurrence
from schedbot.rules.recurrence import ClockChange
from schedbot.session import Session
from schedbot.store.database import Database
from schedbot.store.fanout import simulation_copy
from schedbot.store.fanout.simulation_copy import CopiedJob
from schedbot.store.schedules import schedules
from schedbot.store.schedules.schedules import ScheduleFilter

Tick = Callable[[Session, int], int]  # runs a tick with a look-ahead and returns the number of its occurrences


@dataclass(frozen=True, slots=True)
class SimulatedOccurrence:
    """One occurrence. `late_ms`: its lateness by downtimes, jitter and the channel's limit, if it is posted."""

    due_at: int
    schedule: str
    tz: str
    state: JobState
    error: str | None
    late_ms: int | None
    occurrences: int = 1  # more for many missed ones in one row, from due_at to last_due_at
    last_due_at: int | None = None


@dataclass(slots=True)
class ScheduleTally:
    """Counts of a schedule's occurrences by state and by reason, and the longest lateness."""

    states: Counter[JobState] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    latest_ms: int = 0

    def add(self, occurrence: SimulatedOccurrence) -> None:
        """Count one occurrence."""
        self.states[occurrence.state] += occurrence.occurrences
        self.latest_ms = max(self.latest_ms, occurrence.late_ms or 0)
        if occurrence.error:
            self.reasons[occurrence.error] += occurrence.occurrences


def simulate(
    session: Session, span: SimulationSpan, tick: Tick, progress: Callable[[int], None]
) -> Iterator[SimulatedOccurrence]:
    """Yield the occurrences of the span in order of time. `progress` is called with the virtual clock's instants."""
    with simulation_copy.open_copy(session.db, span.start) as copy:
        steps = TickSteps(copy, span)
        for at, ahead_ms in steps:
            steps.adapt(tick(frozen_at(session, copy, at), ahead_ms))
            progress(min(at + ahead_ms, span.end))
            yield from settle_before(copy, min(at + ahead_ms + 1, span.end), span)
        # After the last tick: occurrences that a person skipped in advance.
        yield from settle_before(copy, span.end, span)
    progress(span.end)


def frozen_at(session: Session, copy: Database, at: int) -> Session:
    """Return a session over the copy whose clock stands at `at`."""
    return replace(session, db=copy, now=lambda: at)


def settle_before(copy: Database, end: int, span: SimulationSpan) -> Iterator[SimulatedOccurrence]:
    """Take the jobs that are due before `end` out of the copy and yield them as settled."""
    return (settle(copy, job, span.downtimes) for job in simulation_copy.take_jobs(copy, end))


def settle(copy: Database, job: CopiedJob, downtimes: Sequence[Downtime]) -> SimulatedOccurrence:
    """Settle a job: a queued job is posted once the machine runs, or missed if its grace is over by then.

    If the calendar is closed by then, the job is deferred to the opening or skipped.
    """
    if job.state is not JobState.QUEUED:
        return SimulatedOccurrence(
            job.due_at, job.schedule, job.tz, job.state, job.error, None, job.occurrences, job.last_due_at
        )
    posted_at, scheduled_at, deadline_at = next_uptime(downtimes, job.available_at), job.scheduled_at, job.deadline_at
    while job.available_at < posted_at <= deadline_at:
        decision = simulation_copy.find_decision(copy, job.schedule, job.due_at, posted_at)
        if decision is None:
            break
        if decision.at is None:
            return SimulatedOccurrence(job.due_at, job.schedule, job.tz, JobState.SKIPPED, decision.reason, None)
        deadline_at += decision.at - scheduled_at
        posted_at, scheduled_at = next_uptime(downtimes, decision.at), decision.at
    if posted_at > deadline_at:
        return SimulatedOccurrence(job.due_at, job.schedule, job.tz, JobState.MISSED, "deadline", None)
    return SimulatedOccurrence(job.due_at, job.schedule, job.tz, job.state, job.error, max(0, posted_at - scheduled_at))


def find_paused(session: Session) -> list[Schedule]:
    """Return the schedules that are stopped until a person resumes them. They are not simulated."""
    stopped = ScheduleFilter(states=(ScheduleState.PAUSED, ScheduleState.SUSPENDED))
    return [schedule for schedule in schedules.list_matching(session.db, stopped) if schedule.state_until is None]


def find_clock_changes(session: Session, span: SimulationSpan) -> list[tuple[ClockChange, str, list[str]]]:
    """Return the clock changes that affect schedules, in order of time: change, zone and names of the schedules."""
    by_rule: dict[Recurrence, list[str]] = {}
    for schedule in schedules.list_matching(session.db, ScheduleFilter(states=(ScheduleState.ACTIVE,))):
        by_rule.setdefault(schedule.recurrence, []).append(schedule.name)
    affected: dict[tuple[ClockChange, str], list[str]] = {}
    for rule, names in by_rule.items():
        for change in recurrence.clock_changes(rule, span.start, span.end - 1):
            affected.setdefault((change, rule.tz), []).extend(names)
    ordered = sorted(affected.items(), key=lambda item: (item[0][0].at, item[0][1], item[0][0].effect.value))
    return [(change, tz, sorted(names)) for (change, tz), names in ordered]
