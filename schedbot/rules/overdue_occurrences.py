"""Split overdue occurrences into those to run late and those to record as missed.

Rule: a deferred occurrence becomes late only after the instant to which its calendar defers it. An occurrence that its
calendar skips is neither late nor missed: it is enqueued and recorded with the calendar's reason. Pure.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from schedbot.model import MisfirePolicy, Recurrence
from schedbot.rules import misfire
from schedbot.rules.calendar import Calendar, decide_in_time


class Overdue(NamedTuple):
    """Instants (`due_at`) to enqueue, some of which the calendar may still skip, and instants to record as missed."""

    run: tuple[int, ...]
    missed: tuple[int, ...]


def split_overdue(
    calendar: Calendar, rule: Recurrence, due: list[int], now: int, policy: MisfirePolicy, grace_ms: int
) -> Overdue:
    """Split the instants of `due`, which is sorted, that are no longer on time at `now`."""
    on_time = bisect_left(due, now - misfire.ON_TIME_MS)
    overdue = due[:on_time]
    post_times = dict(find_post_times(calendar, rule, overdue))
    on_time_posts = [post_at for _, post_at in find_post_times(calendar, rule, due[on_time : bisect_right(due, now)])]
    split = misfire.split_by_policy([*post_times.values(), *on_time_posts], now, policy, grace_ms)
    missed_posts = frozenset(split.missed)
    missed = tuple(due_at for due_at, post_at in post_times.items() if post_at in missed_posts)
    return Overdue(tuple(due_at for due_at in overdue if post_times.get(due_at) not in missed_posts), missed)


def find_post_times(calendar: Calendar, rule: Recurrence, due: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Yield (due_at, instant to post) of the occurrences that the calendar neither skips nor replaces.

    The instants to post have the same order as the occurrences.
    """
    for due_at in due:
        decision = None if calendar.is_empty else decide_in_time(calendar, rule, due_at)
        if decision is None:
            yield due_at, due_at
        elif decision.at is not None and decision.replaced_by is None:
            yield due_at, decision.at
