"""Compare the occurrences that the rules imply for one schedule with its jobs and its rows of missed occurrences."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from schedbot import times
from schedbot.admin.balance.instant_cache import InstantCache
from schedbot.model import JobKind, JobState
from schedbot.rules.expected_occurrences import ImpliedOccurrence, RuleVersion, TimeSpan
from schedbot.store.fanout.insert_jobs import LOOK_AHEAD_MS
from schedbot.store.history.recorded_states import ClockCorrection
from schedbot.store.operations.balance import BalancedSchedule, JobRow, SpanRow

CALLED_OFF = (JobState.CANCELLED, JobState.SKIPPED)
NOT_WRITTEN = "it has no job and is in no row of missed occurrences: the row was removed, or never written"
NO_RULE = "no version of the schedule has an occurrence then"
NOT_ACTIVE = "the schedule was not active then, or had another rule"


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


@dataclass(frozen=True, slots=True)
class BalanceContext:
    """Values that the comparisons of all schedules share. Occurrences up to `enqueued_to` were enqueued by ticks."""

    window: TimeSpan
    now: int
    enqueued_to: int
    corrections: Sequence[ClockCorrection]
    cache: InstantCache
    totals: BalanceTotals

    def correct(self, change: int, at: int) -> int:
        """Return the instant of a change, if its clock was ahead that at which the clock was set back."""
        return min([at, *(each.changed_at for each in self.corrections if change < each.change)])

    def was_clock_ahead(self, due_at: int) -> bool:
        """Was the instant past by a clock that was ahead, but not yet by the right one?"""
        return any(each.changed_at < due_at <= each.ahead_at + LOOK_AHEAD_MS for each in self.corrections)


@dataclass(slots=True)
class Comparison:
    """Comparison of one schedule's occurrences with its rows."""

    context: BalanceContext
    schedule: BalancedSchedule
    history: Sequence[RuleVersion]
    covered: list[SpanCount]

    def compare(self, implied: Iterable[ImpliedOccurrence], jobs: Iterator[JobRow]) -> Iterator[Imbalance]:
        """Yield the differences in order of due_at, and then the rows of missed occurrences with a wrong count."""
        totals = self.context.totals
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
                self.context.totals.states[JobState.MISSED] += 1
                return True
        return False

    def missing(self, occurrence: ImpliedOccurrence) -> Imbalance:
        enqueued_to, why = self.context.enqueued_to, NOT_WRITTEN
        if occurrence.due_at > enqueued_to:
            last_tick = enqueued_to - LOOK_AHEAD_MS
            since = f"since {times.to_rfc3339(last_tick)}" if last_tick else "yet"
            why = f"it is not enqueued: no tick has run {since}. Check cron, or run 'schedbot tick'"
        return self.imbalance(occurrence.due_at, 1, 0, why)

    def judge_unimplied(self, job: JobRow) -> Iterator[Imbalance]:
        """Yield the job, unless it was called off, asked for or enqueued ahead, for an occurrence of some version."""
        if job.kind is not JobKind.SCHEDULED:
            return
        self.context.totals.occurrences += 1
        self.context.totals.states[job.state] += 1
        is_implied = self.is_ever_implied(job.due_at)
        is_ahead = job.due_at > self.context.now or self.context.was_clock_ahead(job.due_at)
        if not (is_implied and (job.state in CALLED_OFF or job.is_requested or is_ahead)):
            problem = NOT_ACTIVE if is_implied else NO_RULE
            yield self.imbalance(job.due_at, 0, 1, f"job {job.job} is on record as {job.state.value}, but {problem}")

    def is_ever_implied(self, due_at: int) -> bool:
        """Is the instant an occurrence of a version, whenever that was valid?"""
        ids = {each.recurrence_id for each in self.history if each.bounds.after < due_at <= each.bounds.until}
        return any(self.context.cache.is_instant(recurrence_id, due_at) for recurrence_id in ids)

    def wrong_spans(self) -> Iterator[Imbalance]:
        """Yield the rows of missed occurrences inside the window that count others than the rules do."""
        window = self.context.window
        for span in self.covered:
            row = span.row
            is_inside = window.after < row.first_due_at and row.last_due_at <= window.until
            if is_inside and row.count != span.implied:
                last = times.to_rfc3339(row.last_due_at)
                why = f"the row of missed occurrences up to {last} counts {row.count:,}, the rules {span.implied:,}"
                self.context.totals.occurrences += max(0, row.count - span.implied)
                yield self.imbalance(row.first_due_at, span.implied, row.count, why)

    def imbalance(self, due_at: int, implied: int, recorded: int, why: str) -> Imbalance:
        return Imbalance(self.schedule.name, self.schedule.tz, due_at, implied, recorded, why)
