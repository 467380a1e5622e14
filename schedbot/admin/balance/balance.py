"""`audit --balance`: compare the occurrences that the rules imply with those on record, schedule by schedule.

Rule: each occurrence that a recorded version implies, while the schedule was active by the record of changes, has one
job or is in one row of missed occurrences, in whatever state. Nothing else is on record, but for occurrences of some
version that were called off before they were due, or that a person asked for. All rows are read as streams of one
commit, so memory does not grow with them. Instants are UTC milliseconds.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import Generic, Protocol, TypeVar

from schedbot import times
from schedbot.admin.balance.comparison import BalanceContext, BalanceTotals, Comparison, Imbalance, SpanCount
from schedbot.admin.balance.instant_cache import InstantCache
from schedbot.model import ScheduleState
from schedbot.rules.expected_occurrences import (
    FOREVER,
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
    BalanceScope,
    VersionRow,
)


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


class Balance:
    """The comparison of one span of time. `imbalances()` yields each difference; `totals` are complete at its end."""

    def __init__(self, session: Session, ids: Sequence[str] | None, first: int | None, last: int | None) -> None:
        self.db = session.db
        self.ids = ids
        now = session.now()
        window = self.find_window(first, last, now)
        # Rows of the future are looked at too, unless an end is given: they need a rule.
        self.scope = BalanceScope(ids, window.after + 1, FOREVER if last is None else window.until)
        self.totals = BalanceTotals(window.after + 1, window.until)
        self.context = BalanceContext(
            window,
            now,
            enqueued_to=(heartbeats.get_last_beat(self.db, "tick", now) or 0) + LOOK_AHEAD_MS,
            corrections=recorded_states.list_clock_corrections(self.db),
            cache=InstantCache(self.db, window),
            totals=self.totals,
        )

    def find_window(self, first: int | None, last: int | None, now: int) -> TimeSpan:
        """Return the time to compare: not before the first schedule or the pruned time, and not after now."""
        if first is None:
            first = rows.get_earliest_creation(self.db, BalanceScope(self.ids)) or now
        first = max(first, prune.get_pruned_until(self.db) or 0)
        return TimeSpan(first - 1, now if last is None else min(last, now))

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
                parts = find_segments(history, changes, all_active, self.context.window)
                covered = [SpanCount(span) for span in spans.of(schedule.id)]
                implied = find_occurrences(parts, self.context.cache.between)
                comparison = Comparison(self.context, schedule, history, covered)
                for imbalance in comparison.compare(implied, jobs.of(schedule.id)):
                    self.totals.unbalanced += abs(imbalance.expected - imbalance.recorded)
                    yield imbalance

    def read_times_of_all(self) -> list[TimeSpan]:
        """Return the times in which not all schedules were paused."""
        begin = StateEvent(-1, ScheduleState.ACTIVE)
        return list(active_spans([begin, *map(self.to_event, recorded_states.list_states_of_all(self.db))]))

    def to_event(self, row: StateRow) -> StateEvent:
        resumes_at = times.from_rfc3339(row.paused_until) if row.paused_until else None
        return StateEvent(self.context.correct(row.change, row.changed_at), ScheduleState(row.state), resumes_at)

    def read_versions(self, versions: Iterable[VersionRow], events: Iterable[StateRow]) -> list[RuleVersion]:
        """Return the versions, each from the instant of its change on."""
        since = {
            event.version: self.context.correct(event.change, event.changed_at) for event in reversed(list(events))
        }
        return [
            RuleVersion(since.get(row.version, row.created_at), row.recurrence_id, row.starts_at, row.until_at)
            for row in versions
        ]
