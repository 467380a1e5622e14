"""The coming occurrences of schedules: what they are due at, and which of them will be left out and why.

A schedule's own occurrences are its recurrence's after the present, its start and its last change, up to its end.
"""

import heapq
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice, takewhile

from schedbot.admin.fields.timing import FAR_MS, first_after
from schedbot.model import Recurrence, Schedule, ScheduleState
from schedbot.rules import calendar as calendar_rules
from schedbot.rules import recurrence
from schedbot.rules.calendar import CalendarDecision
from schedbot.rules.next_open import next_open_occurrence

FEW = 5
Skips = Mapping[tuple[str, int], str]


@dataclass(frozen=True, slots=True, order=True)
class Occurrence:
    """One instant; `left_out` says why nothing will be posted then. Without a schedule it is an expression's.

    `put_off_to` is when it will be posted instead of at once, for the reason `put_off`.
    """

    due_at: int
    schedule: str
    recurrence: Recurrence
    left_out: str | None = None
    put_off_to: int | None = None
    put_off: str | None = None


def find_upcoming(schedule: Schedule, after: int, dropped: Skips) -> Iterator[Occurrence]:
    """Its occurrences after an instant, in order, as far as it goes; none where it is off for good."""
    start = search_start(schedule, after)
    if start is None:
        return
    end = start + FAR_MS if schedule.terms.until_at is None else schedule.terms.until_at
    for due_at in takewhile(lambda instant: instant <= end, iterate_due(schedule.recurrence, start)):
        one = Occurrence(due_at, schedule.name, schedule.recurrence)
        if reason := dropped.get((schedule.id, due_at)):
            yield replace(one, left_out=reason)
        else:
            yield apply_decision(one, decide(schedule, due_at), schedule.terms.until_at)


def apply_decision(one: Occurrence, decision: CalendarDecision | None, until_at: int | None) -> Occurrence:
    """The occurrence with what its calendar makes of it; None: it stands."""
    if decision is None:
        return one
    if decision.skips(until_at):
        return replace(one, left_out=decision.reason)
    return replace(one, put_off_to=decision.at, put_off=decision.reason)


def iterate_due(rule: Recurrence, after: int) -> Iterator[int]:
    """A recurrence's instants in order; the first few are remembered, since many schedules share them."""
    first = first_due(rule, after)
    yield from first
    if len(first) == FEW:
        yield from recurrence.between(rule, first[-1], after + FAR_MS)


@lru_cache(maxsize=8_192)
def first_due(rule: Recurrence, after: int) -> tuple[int, ...]:
    return tuple(islice(recurrence.between(rule, after, after + FAR_MS), FEW))


def search_start(schedule: Schedule, after: int) -> int | None:
    """The instant after which it may be due; None while nothing will come.

    A finished one may still have its last occurrence before it: that is enqueued some time ahead.
    """
    is_resting = schedule.state is ScheduleState.PAUSED and schedule.state_until is not None
    if schedule.state not in (ScheduleState.ACTIVE, ScheduleState.FINISHED) and not is_resting:
        return None
    return max(after, schedule.effective_at, (schedule.terms.starts_at or 0) - 1, (schedule.state_until or 0) - 1)


def has_occurrence_after(schedule: Schedule, now: int) -> bool:
    """Does the schedule have an occurrence after `now`, whatever its state?"""
    first = first_after(schedule.recurrence, max(now, (schedule.terms.starts_at or 0) - 1))
    return first is not None and (schedule.terms.until_at is None or first <= schedule.terms.until_at)


def is_occurrence(schedule: Schedule, due_at: int) -> bool:
    """Is the instant an occurrence by the schedule's recurrence, start and end?"""
    starts_at, until_at = schedule.terms.starts_at, schedule.terms.until_at
    if (starts_at is not None and due_at < starts_at) or (until_at is not None and due_at > until_at):
        return False
    return first_after(schedule.recurrence, due_at - 1) == due_at


def find_skip_reason(schedule: Schedule, due_at: int, dropped: Skips) -> str | None:
    """Why nothing will be posted at an occurrence, or None."""
    if reason := dropped.get((schedule.id, due_at)):
        return reason
    decision = decide(schedule, due_at)
    return decision.reason if decision and decision.skips(schedule.terms.until_at) else None


def decide(schedule: Schedule, due_at: int) -> CalendarDecision | None:
    """What its holidays, window and blackouts make of an occurrence; None: it stands."""
    calendar = calendar_rules.get_calendar(schedule)
    return None if calendar.is_empty else calendar_rules.decide(calendar, schedule.recurrence, due_at, due_at)


def find_next_due(schedule: Schedule, now: int, dropped: Skips) -> int | None:
    """When it will be posted next, or None. Computed once for all schedules that share a recurrence."""
    start = search_start(schedule, now)
    if start is None:
        return None
    end = start + FAR_MS if schedule.terms.until_at is None else schedule.terms.until_at
    calendar, rule = calendar_rules.get_calendar(schedule), schedule.recurrence
    due_at = first_after(rule, start)
    while due_at is not None and due_at <= end:
        if find_skip_reason(schedule, due_at, dropped) is None:
            return due_at
        following = recurrence.next_after(rule, due_at)
        due_at = following and next_open_occurrence(calendar, rule, following)
    return None


def merge(each: Iterable[Iterator[Occurrence]], count: int) -> Iterator[Occurrence]:
    """The first `count` of each, in order of time."""
    return heapq.merge(*(list(islice(one, count)) for one in each))
