"""`audit --balance`: compare the occurrences that the rules imply with those on record, schedule by schedule.

Rule: each occurrence that a recorded version implies, while the schedule was active by the record of changes, has one
job or is in one row of missed occurrences, in whatever state. Nothing else is on record, but for occurrences of some
version that were called off before they were due, or that a person asked for. All rows are read as streams of one
commit, so memory does not grow with them. Instants are UTC milliseconds.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Generic, Protocol, TypeVar

from schedbot import times
from schedbot.admin.operations.instant_cache import InstantCache
from schedbot.model import JobKind, JobState, ScheduleState
from schedbot.rules.expected_occurrences import (
    FOREVER,
    ImpliedOccurrence,
    RuleVersion,
    StateEvent,
    TimeSpan,
    active_spans,
    find_occurrences,
    find_segments,
)
from schedbot.session import Session
from schedbot.store.fanout.insert_jobs import LOOK_AHEAD_MS
from schedbot.store.history import recorded_states
from schedbot.store.history.recorded_states import StateRow
from schedbot.store.operations import balance as rows
from schedbot.store.operations import heartbeats, prune
from schedbot.store.operations.balance import (
    BalancedSchedule,
    BalanceScope,
    JobRow,
    SpanRow,
    VersionRow,
)

CALLED_OFF = (JobState.CANCELLED, JobState.SKIPPED)
NOT_WRITTEN = "it has no job and is in no row of missed occurrences: the row was removed, or never written"
NO_RULE = "no version of the schedule has an occurrence then"
NOT_ACTIVE = "the schedule was not active then, or had another rule"


class OfSchedule(Protocol):
    """A row of a schedule."""

    schedule_id: str


R = TypeVar("R", bound=OfSchedule)


class RowsBySchedule(Generic[R]):
    """A stream of rows in the order of the schedules' ids, which is read schedule by schedule."""

    def __init__(self, stream: Iterable[R]) -> None:
        self.groups = groupby(stream, key=lambda row: row.schedule_id)
        self.next_group = next(self.groups, None)

    def of(self, schedule_id: str) -> Iterator[R]:
        """Yield the rows of the schedule, to be read before those of the next schedule."""
        if self.next_group and self.next_group[0] == schedule_id:
            yield from self.next_group[1]
            self.next_group = next(self.groups, None)


@dataclass(frozen=True, slots=True)
class Imbalance:
    """An occurrence, or a row of missed ones, with the number that the rules imply and that on record."""

    schedule: str
    tz: str
    due_at: int
    expected: int
    recorded: int
    why: str


@dataclass(slots=True)
class BalanceTotals:
    """Number of occurrences, of those that balance, of the others, and of jobs by state."""

    first: int
    last: int
    occurrences: int = 0
    unbalanced: int = 0
    states: Counter[JobState] = field(default_factory=Counter)

    @property
    def balanced(self) -> int:
        """Number of occurrences that are both implied and on record."""
        return self.occurrences - self.unbalanced


@dataclass(slots=True)
class SpanCount:
    """A row of missed occurrences, and the number of occurrences that it covers by the rules."""

    row: SpanRow
    implied: int = 0


class Balance:
    """The comparison of one span of time. `imbalances()` yields each difference; `totals` are complete at its end."""

    def __init__(self, session: Session, ids: Sequence[str] | None, first: int | None, last: int | None) -> None:
        self.db = session.db
        self.ids = ids
        self.now = session.now()
        self.window = self.find_window(first, last)
        # Rows of the future are looked at too, unless an end is given: they need a rule.
        self.scope = BalanceScope(ids, self.window.after + 1, FOREVER if last is None else self.window.until)
        self.cache = InstantCache(self.db, self.window)
        self.totals = BalanceTotals(self.window.after + 1, self.window.until)
        self.enqueued_to = (heartbeats.get_last_beat(self.db, "tick", self.now) or 0) + LOOK_AHEAD_MS
        self.corrections = recorded_states.list_clock_corrections(self.db)

    def find_window(self, first: int | None, last: int | None) -> TimeSpan:
        if first is None:
            first = rows.get_earliest_creation(self.db, BalanceScope(self.ids)) or self.now
        first = max(first, prune.get_pruned_until(self.db) or 0)
        return TimeSpan(first - 1, self.now if last is None else min(last, self.now))

    def imbalances(self, progress: Callable[[int], None] = lambda done: None) -> Iterator[Imbalance]:
        """Yield the differences. `progress` is called with the number of schedules done."""
        with self.db.reading():
            all_active = self.read_times_of_all()
            versions = RowsBySchedule(rows.list_versions(self.db, self.scope))
            states = RowsBySchedule(recorded_states.list_states(self.db, self.ids))
            jobs = RowsBySchedule(rows.list_jobs(self.db, self.scope))
            spans = RowsBySchedule(rows.list_spans(self.db, self.scope))
            for done, schedule in enumerate(rows.list_schedules(self.db, self.scope)):
                if done % 100 == 0:
                    progress(done)
                events = list(states.of(schedule.id))
                history = self.read_versions(list(versions.of(schedule.id)), events)
                changes = [self.to_event(event) for event in events]
                changes = changes or [StateEvent(schedule.created_at, ScheduleState.ACTIVE)]
                parts = find_segments(history, changes, all_active, self.window)
                covered = [SpanCount(span) for span in spans.of(schedule.id)]
                implied = find_occurrences(parts, self.cache.between)
                comparison = Comparison(self, schedule, history, covered)
                for imbalance in comparison.compare(implied, jobs.of(schedule.id)):
                    self.totals.unbalanced += abs(imbalance.expected - imbalance.recorded)
                    yield imbalance

    def read_times_of_all(self) -> list[TimeSpan]:
        """Return the times in which not all schedules were paused."""
        begin = StateEvent(-1, ScheduleState.ACTIVE)
        return list(active_spans([begin, *map(self.to_event, recorded_states.list_states_of_all(self.db))]))

    def to_event(self, row: StateRow) -> StateEvent:
        resumes_at = times.from_rfc3339(row.paused_until) if row.paused_until else None
        return StateEvent(self.correct(row.change, row.changed_at), ScheduleState(row.state), resumes_at)

    def read_versions(self, versions: Iterable[VersionRow], events: Iterable[StateRow]) -> list[RuleVersion]:
        """Return the versions, each from the instant of its change on."""
        since = {event.version: self.correct(event.change, event.changed_at) for event in reversed(list(events))}
        return [
            RuleVersion(since.get(row.version, row.created_at), row.recurrence_id, row.starts_at, row.until_at)
            for row in versions
        ]

    def correct(self, change: int, at: int) -> int:
        """Return the instant of a change, if its clock was ahead that at which the clock was set back."""
        return min([at, *(each.changed_at for each in self.corrections if change < each.change)])

    def was_clock_ahead(self, due_at: int) -> bool:
        """Was the instant past by a clock that was ahead, but not yet by the right one?"""
        return any(each.changed_at < due_at <= each.ahead_at + LOOK_AHEAD_MS for each in self.corrections)


@dataclass(slots=True)
class Comparison:
    """Comparison of one schedule's occurrences with its rows."""

    balance: Balance
    schedule: BalancedSchedule
    history: Sequence[RuleVersion]
    covered: list[SpanCount]

    def compare(self, implied: Iterable[ImpliedOccurrence], jobs: Iterator[JobRow]) -> Iterator[Imbalance]:
        """Yield the differences in order of due_at, and then the rows of missed occurrences with a wrong count."""
        totals = self.balance.totals
        job = next(jobs, None)
        for occurrence in implied:
            while job and (job.due_at < occurrence.due_at or job.kind is not JobKind.SCHEDULED):
                yield from self.judge_unimplied(job)
                job = next(jobs, None)
            totals.occurrences += 1
            if job and job.due_at == occurrence.due_at:
                totals.states[job.state] += 1
                job = next(jobs, None)
            elif not self.is_covered(occurrence):
                yield self.missing(occurrence)
        while job:
            yield from self.judge_unimplied(job)
            job = next(jobs, None)
        yield from self.wrong_spans()

    def is_covered(self, occurrence: ImpliedOccurrence) -> bool:
        """Count the occurrence into the row of missed ones that covers it. False: there is none."""
        for span in self.covered:
            row = span.row
            is_same_rule = row.recurrence_id == occurrence.recurrence_id
            if is_same_rule and row.first_due_at <= occurrence.due_at <= row.last_due_at:
                span.implied += 1
                self.balance.totals.states[JobState.MISSED] += 1
                return True
        return False

    def missing(self, occurrence: ImpliedOccurrence) -> Imbalance:
        enqueued_to, why = self.balance.enqueued_to, NOT_WRITTEN
        if occurrence.due_at > enqueued_to:
            last_tick = enqueued_to - LOOK_AHEAD_MS
            since = f"since {times.to_rfc3339(last_tick)}" if last_tick else "yet"
            why = f"it is not enqueued: no tick has run {since}. Check cron, or run 'schedbot tick'"
        return self.imbalance(occurrence.due_at, 1, 0, why)

    def judge_unimplied(self, job: JobRow) -> Iterator[Imbalance]:
        """Yield the job, unless it was called off, asked for or enqueued ahead, for an occurrence of some version."""
        if job.kind is not JobKind.SCHEDULED:
            return
        self.balance.totals.occurrences += 1
        self.balance.totals.states[job.state] += 1
        is_implied = self.is_ever_implied(job.due_at)
        is_ahead = job.due_at > self.balance.now or self.balance.was_clock_ahead(job.due_at)
        if not (is_implied and (job.state in CALLED_OFF or job.is_requested or is_ahead)):
            problem = NOT_ACTIVE if is_implied else NO_RULE
            yield self.imbalance(job.due_at, 0, 1, f"job {job.job} is on record as {job.state.value}, but {problem}")

    def is_ever_implied(self, due_at: int) -> bool:
        """Is the instant an occurrence of a version, whenever that was valid?"""
        ids = {each.recurrence_id for each in self.history if each.bounds.after < due_at <= each.bounds.until}
        return any(self.balance.cache.is_instant(recurrence_id, due_at) for recurrence_id in ids)

    def wrong_spans(self) -> Iterator[Imbalance]:
        """Yield the rows of missed occurrences inside the window that count others than the rules do."""
        window = self.balance.window
        for span in self.covered:
            row = span.row
            is_inside = window.after < row.first_due_at and row.last_due_at <= window.until
            if is_inside and row.count != span.implied:
                last = times.to_rfc3339(row.last_due_at)
                why = f"the row of missed occurrences up to {last} counts {row.count:,}, the rules {span.implied:,}"
                self.balance.totals.occurrences += max(0, row.count - span.implied)
                yield self.imbalance(row.first_due_at, span.implied, row.count, why)

    def imbalance(self, due_at: int, implied: int, recorded: int, why: str) -> Imbalance:
        return Imbalance(self.schedule.name, self.schedule.tz, due_at, implied, recorded, why)
