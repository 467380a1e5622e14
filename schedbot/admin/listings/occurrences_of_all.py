"""Next occurrences of all active schedules, by time and name. The first comes at once, however many there are.

The schedules of a recurrence are due at the same instants. At each instant the recurrences that are due are merged by
the names of their schedules, which are read in pages. A schedule that starts after the first instant of its recurrence
(a late starter) has a series of its own.
"""

import heapq
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, takewhile

from schedbot.admin.fields.timing import FAR_MS, first_after
from schedbot.admin.listings.spans import Span
from schedbot.admin.schedules import occurrences
from schedbot.admin.schedules.occurrences import Occurrence, Skips
from schedbot.model import Recurrence
from schedbot.rules import recurrence
from schedbot.session import Session
from schedbot.store.jobs import pending
from schedbot.store.schedules import active_schedules, recurrences, schedules
from schedbot.store.schedules.active_schedules import ActiveSchedule

ROWS = 20_000  # schedules in memory, of all pages


@dataclass(slots=True)
class Series:
    """Recurrence with the instants to show: the first, and the others."""

    id: int
    rule: Recurrence
    first: int
    others: Iterator[int]


class AllOccurrences:
    """Occurrences of all active schedules in a span, in order. It is read once."""

    def __init__(self, session: Session, span: Span, skips: Skips) -> None:
        self.db, self.now = session.db, session.now()
        self.span, self.skips = span, skips
        self.posts_from = occurrences.posts_from(skips)
        self.series: list[tuple[int, int, Series]] = []  # heap by instant and id of the recurrence
        self.late_starters: list[tuple[Occurrence, int, Iterator[Occurrence]]] = []  # heap
        self.tie_breakers = itertools.count()  # in the heap, for equal occurrences

    def __iter__(self) -> Iterator[Occurrence]:
        if self.posts_from == pending.NEVER:
            return
        starts = self.list_starts()
        start = next(starts, None)
        while start or self.series or self.late_starters:
            at = self.next_instant()
            if start and (at is None or start[0] <= at):
                self.open_series(start[1])
                start = next(starts, None)
            elif at is not None:
                yield from self.list_at(at)

    def list_starts(self) -> Iterator[tuple[int, int]]:
        """Yield an instant at or before the first one of each recurrence, and its id, in order of the instants."""
        if self.span.from_:
            in_use = (recurrences.by_id(self.db, number) for number in active_schedules.list_in_use(self.db))
            firsts = ((first_after(each.rule, self.find_start(each.rule)), each.id) for each in in_use)
            yield from sorted((first, number) for first, number in firsts if first is not None)
            return
        ahead = active_schedules.list_enqueued_ahead(self.db, self.now)
        yield from ((self.now, number) for number in ahead)
        known = set(ahead)
        for following in active_schedules.each_by_next_due(self.db):
            if following.id not in known:
                yield following.next_due_at, following.id

    def find_start(self, rule: Recurrence) -> int:
        """Return the instant after which occurrences are shown. A pause of all schedules ends before them."""
        return max(self.span.start(rule, self.now), self.posts_from - 1)

    def next_instant(self) -> int | None:
        """Return the instant of the next occurrence of all that is open, or None."""
        instants = [self.series[0][0]] if self.series else []
        return min([*instants, self.late_starters[0][0].due_at] if self.late_starters else instants, default=None)

    def open_series(self, number: int) -> None:
        """Add a recurrence with its first instant, if there is one in the span."""
        rule = recurrences.by_id(self.db, number).rule
        end = self.span.end(rule, self.now)
        after = self.find_start(rule)
        instants = recurrence.between(rule, after, after + FAR_MS)
        shown = islice(takewhile(lambda due_at: end is None or due_at <= end, instants), self.span.count)
        if (first := next(shown, None)) is not None:
            heapq.heappush(self.series, (first, number, Series(number, rule, first, shown)))

    def list_at(self, at: int) -> Iterator[Occurrence]:
        """Yield the occurrences at an instant by name."""
        due = []
        while self.series and self.series[0][0] == at:
            due.append(heapq.heappop(self.series)[2])
        most = max(1, ROWS // len(due)) if due else 1
        yield from heapq.merge(*(self.list_series(series, at, most) for series in due), self.list_late_starters(at))
        for series in due:
            if (following := next(series.others, None)) is not None:
                heapq.heappush(self.series, (following, series.id, series))

    def list_series(self, series: Series, at: int, most: int) -> Iterator[Occurrence]:
        """Yield the occurrences of a recurrence's schedules at one of its instants."""
        for schedule in active_schedules.each_by_name(self.db, series.id, most):
            if schedule.starts_after >= series.first:
                if at == series.first:
                    self.add_late_starter(schedule.id)
            elif schedule.until_at is None or at <= schedule.until_at:
                yield self.apply_calendar(schedule, Occurrence(at, schedule.name, series.rule))

    def apply_calendar(self, schedule: ActiveSchedule, occurrence: Occurrence) -> Occurrence:
        """Return the occurrence as the calendar or a person decided: as it is, skipped or deferred."""
        if not schedule.has_calendar and (schedule.id, occurrence.due_at) not in self.skips:
            return occurrence
        return occurrences.apply(occurrence, schedules.by_id(self.db, schedule.id), self.skips)

    def add_late_starter(self, schedule_id: str) -> None:
        """Add a schedule that starts after the first instant of its recurrence."""
        schedule = schedules.by_id(self.db, schedule_id)
        self.push_late_starter(islice(self.span.upcoming(schedule, self.now, self.skips), self.span.count))

    def push_late_starter(self, upcoming: Iterator[Occurrence]) -> None:
        if (occurrence := next(upcoming, None)) is not None:
            heapq.heappush(self.late_starters, (occurrence, next(self.tie_breakers), upcoming))

    def list_late_starters(self, at: int) -> Iterator[Occurrence]:
        """Yield the occurrences of late starters at an instant."""
        while self.late_starters and self.late_starters[0][0].due_at == at:
            occurrence, _, upcoming = heapq.heappop(self.late_starters)
            yield occurrence
            self.push_late_starter(upcoming)
