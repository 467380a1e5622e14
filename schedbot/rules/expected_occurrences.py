"""Occurrences that the recorded versions and states of a schedule imply, computed from the rules alone. Pure.

Spans are open at their start and closed at their end: a change at an instant takes effect after it, so an occurrence
at that very instant still belongs to the time before. Instants are UTC milliseconds.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from schedbot.model import ScheduleState

FOREVER = 2**62
ACTIVE_STATES = (ScheduleState.ACTIVE, ScheduleState.FINISHED)  # a finished schedule has no occurrence left by its rule

Between = Callable[[int, int, int], Iterable[int]]  # instants of a recurrence's id after an instant, up to another


class TimeSpan(NamedTuple):
    """Time after `after`, up to and including `until`."""

    after: int
    until: int

    def intersect(self, other: "TimeSpan") -> "TimeSpan":
        """Return the time in both; it is empty if `until` is not later than `after`."""
        return TimeSpan(max(self.after, other.after), min(self.until, other.until))


class StateEvent(NamedTuple):
    """A state that begins at an instant. `resumes_at`: end of a timed pause, from which on it is active again."""

    at: int
    state: ScheduleState
    resumes_at: int | None = None


@dataclass(frozen=True, slots=True)
class RuleVersion:
    """A version of a schedule from `at` on: its recurrence, and the first and last instant of its occurrences."""

    at: int
    recurrence_id: int
    starts_at: int | None
    until_at: int | None

    @property
    def rule(self) -> tuple[int, int | None, int | None]:
        """The part that decides about occurrences."""
        return self.recurrence_id, self.starts_at, self.until_at

    @property
    def bounds(self) -> TimeSpan:
        """The time in which it may have occurrences, whenever it was written."""
        return TimeSpan((self.starts_at or 0) - 1, FOREVER if self.until_at is None else self.until_at)


class RuleSegment(NamedTuple):
    """Time in which a schedule had a rule and was active."""

    span: TimeSpan
    recurrence_id: int


class ImpliedOccurrence(NamedTuple):
    """An occurrence that must be on record."""

    due_at: int
    recurrence_id: int


def active_spans(events: Iterable[StateEvent]) -> Iterator[TimeSpan]:
    """Yield the times in which the schedule was active, in order. The last one may have no end."""
    since: int | None = None
    for at, state, resumes_at in events:
        if state in ACTIVE_STATES:
            since = at if since is None else min(since, at)
            continue
        if since is not None and since < at:
            yield TimeSpan(since, at)
        since = resumes_at - 1 if resumes_at is not None and state is ScheduleState.PAUSED else None
    if since is not None:
        yield TimeSpan(since, FOREVER)


def rule_spans(versions: Sequence[RuleVersion]) -> Iterator[tuple[TimeSpan, RuleVersion]]:
    """Yield each rule with the time in which it was valid. Versions that do not change the rule are one."""
    changed = [
        version for place, version in enumerate(versions) if place == 0 or version.rule != versions[place - 1].rule
    ]
    for version, following in zip(changed, [*changed[1:], None], strict=True):
        yield TimeSpan(version.at, following.at if following else FOREVER).intersect(version.bounds), version


def find_segments(
    versions: Sequence[RuleVersion], events: Iterable[StateEvent], all_active: Sequence[TimeSpan], window: TimeSpan
) -> list[RuleSegment]:
    """Return the times in which occurrences are to be on record, in order.

    `all_active`: the times in which not all schedules were paused; `window`: the time to look at.
    """
    active = list(active_spans(events))
    result = []
    for valid, version in rule_spans(versions):
        for own in active:
            for shared in all_active:
                span = valid.intersect(own).intersect(shared).intersect(window)
                if span.after < span.until:
                    result.append(RuleSegment(span, version.recurrence_id))
    return sorted(result)


def find_occurrences(parts: Iterable[RuleSegment], between: Between) -> Iterator[ImpliedOccurrence]:
    """Yield the occurrences of the segments in order."""
    for (after, until), recurrence_id in parts:
        for due_at in between(recurrence_id, after, until):
            yield ImpliedOccurrence(due_at, recurrence_id)
