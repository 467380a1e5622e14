"""Upcoming occurrences of schedules and of expressions, with the reason why an occurrence is skipped or deferred.

A schedule's occurrences are those of its recurrence after the present, its start and its last change, up to its end.
"""

import heapq
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice, takewhile
from typing import Self

from schedbot.admin.fields import parsers
from schedbot.admin.fields.parsers import Fields, parse_optional
from schedbot.admin.fields.schedule_fields import DEFAULTS, OUTSIDE, parse_holidays
from schedbot.admin.fields.timing import FAR_MS, first_after, parse_recurrence
from schedbot.model import HolidayPolicy, Recurrence, Schedule, ScheduleState, SendHours
from schedbot.rules import calendar as calendar_rules
from schedbot.rules import recurrence
from schedbot.rules.calendar import Calendar, CalendarDecision
from schedbot.rules.next_open_occurrence import next_open_occurrence
from schedbot.store.jobs import pending
from schedbot.store.jobs.pending import SkippedOccurrences

CACHED = 5  # occurrences of a recurrence, since many schedules share it
CALENDAR_COLUMNS = ("skip_holidays", "holiday_policy", "window", "outside", "blackout")
Skips = Mapping[tuple[str, int], str]  # reason by schedule id and due_at, of occurrences that a person skipped


@dataclass(frozen=True, slots=True, order=True)
class Occurrence:
    """One occurrence. `schedule` is a name, empty for an expression.

    `skip_reason`: nothing will be posted. `deferred_to`: it will be posted then, because of `defer_reason`.
    """

    due_at: int
    schedule: str
    recurrence: Recurrence
    skip_reason: str | None = None
    deferred_to: int | None = None
    defer_reason: str | None = None


def find_upcoming(schedule: Schedule, after: int, skips: Skips) -> Iterator[Occurrence]:
    """Yield the occurrences after an instant, in order, up to the schedule's end; none for a stopped schedule."""
    start = search_start(schedule, max(after, posts_from(skips) - 1))
    if start is None or posts_from(skips) == pending.NEVER:
        return
    end = start + FAR_MS if schedule.terms.until_at is None else schedule.terms.until_at
    for due_at in takewhile(lambda instant: instant <= end, iterate_due(schedule.recurrence, start)):
        yield apply(Occurrence(due_at, schedule.name, schedule.recurrence), schedule, skips)


def find_next_due(schedule: Schedule, now: int, skips: Skips) -> int | None:
    """Return the next occurrence that is not skipped, or None."""
    start = search_start(schedule, max(now, posts_from(skips) - 1))
    if start is None or posts_from(skips) == pending.NEVER:
        return None
    end = start + FAR_MS if schedule.terms.until_at is None else schedule.terms.until_at
    calendar, rule = calendar_rules.get_calendar(schedule), schedule.recurrence
    due_at = first_after(rule, start)
    while due_at is not None and due_at <= end:
        if find_skip_reason(schedule, due_at, skips) is None:
            return due_at
        following = recurrence.next_after(rule, due_at)
        due_at = following and next_open_occurrence(calendar, rule, following)
    return None


def posts_from(skips: Skips) -> int:
    """Return the end of a pause of all schedules, `pending.NEVER` for a pause without end, 0 without a pause."""
    return skips.posts_from if isinstance(skips, SkippedOccurrences) else 0


def search_start(schedule: Schedule, after: int) -> int | None:
    """Return the instant after which the schedule may have occurrences; None for a stopped schedule.

    A finished schedule may have its last occurrence in the future, since jobs are enqueued ahead.
    """
    has_timed_pause = schedule.state is ScheduleState.PAUSED and schedule.state_until is not None
    if schedule.state not in (ScheduleState.ACTIVE, ScheduleState.FINISHED) and not has_timed_pause:
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


def find_skip_reason(schedule: Schedule, due_at: int, skips: Skips) -> str | None:
    """Return the reason why nothing will be posted for an occurrence, or None."""
    if reason := skips.get((schedule.id, due_at)):
        return reason
    decision = decide(schedule, due_at)
    return decision.reason if decision and decision.skips(schedule.terms.until_at) else None


def decide(schedule: Schedule, due_at: int) -> CalendarDecision | None:
    """Return the decision of holidays, windows and blackout dates on an occurrence; None: it is posted when due."""
    calendar = calendar_rules.get_calendar(schedule)
    return None if calendar.is_empty else calendar_rules.decide(calendar, schedule.recurrence, due_at, due_at)


def apply(occurrence: Occurrence, schedule: Schedule, skips: Skips) -> Occurrence:
    """Return the occurrence of a schedule as skipped by a person, or as its calendars decide."""
    if reason := skips.get((schedule.id, occurrence.due_at)):
        return replace(occurrence, skip_reason=reason)
    return apply_decision(occurrence, decide(schedule, occurrence.due_at), schedule.terms.until_at)


def apply_decision(occurrence: Occurrence, decision: CalendarDecision | None, until_at: int | None) -> Occurrence:
    """Return the occurrence as skipped or deferred by the decision."""
    if decision is None:
        return occurrence
    if decision.skips(until_at):
        return replace(occurrence, skip_reason=decision.reason)
    return replace(occurrence, deferred_to=decision.at, defer_reason=decision.reason)


def iterate_due(rule: Recurrence, after: int) -> Iterator[int]:
    """Yield the occurrences of a recurrence in order."""
    first = first_due(rule, after)
    yield from first
    if len(first) == CACHED:
        yield from recurrence.between(rule, first[-1], after + FAR_MS)


@lru_cache(maxsize=8_192)
def first_due(rule: Recurrence, after: int) -> tuple[int, ...]:
    return tuple(islice(recurrence.between(rule, after, after + FAR_MS), CACHED))


def merge(upcoming: Iterable[Iterator[Occurrence]], count: int) -> Iterator[Occurrence]:
    """Yield the first `count` occurrences of each iterator, ordered by time."""
    return heapq.merge(*(islice(occurrences, count) for occurrences in upcoming))


@dataclass(frozen=True, slots=True)
class Expression:
    """Recurrence and calendar that a person tries out before adding a schedule."""

    recurrence: Recurrence
    calendar: Calendar

    @classmethod
    def parse(cls, fields: Fields, now: int) -> Self:
        """Return the expression of the fields, by the columns of an import. Raises BadField."""
        region, policy = parse_holidays(fields, DEFAULTS)
        hours = SendHours(
            "",
            parse_optional(fields, "window", parsers.parse_window, "", ""),
            parse_optional(fields, "outside", OUTSIDE, DEFAULTS.outside, DEFAULTS.outside),
            parse_optional(fields, "blackout", parsers.parse_blackout, "", ""),
        )
        before_holidays = region if policy is HolidayPolicy.BEFORE else ""
        rule = replace(parse_recurrence(fields, now), before_holidays=before_holidays)
        return cls(rule, Calendar(region, policy, calendar_rules.drop_empty_hours(hours)))

    def find_upcoming(self, after: int) -> Iterator[Occurrence]:
        """Yield the occurrences after an instant, in order."""
        for due_at in recurrence.between(self.recurrence, after, after + FAR_MS):
            is_free = self.calendar.is_empty
            decision = None if is_free else calendar_rules.decide(self.calendar, self.recurrence, due_at, due_at)
            yield apply_decision(Occurrence(due_at, "", self.recurrence), decision, None)
