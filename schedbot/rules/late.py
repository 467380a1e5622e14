"""Of what no tick saw in time: what is run late, and what is missed, by the instant at which each was to go.

Rule: an occurrence that its calendar puts off is late only from then on; one that its calendar leaves out is neither,
and is on record with that reason. Pure.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from schedbot.model import MisfirePolicy, Recurrence
from schedbot.rules import misfire
from schedbot.rules.calendar import Calendar, decide_in_time

# The newest of what is to go settle what becomes of those before: one to come, two on time, and one that is late.
NEWEST = 4


class Overdue(NamedTuple):
    """Instants (due_at) to enqueue, where a calendar may still leave them out, and those to record as missed."""

    run: tuple[int, ...]
    missed: tuple[int, ...]


def split_overdue(
    calendar: Calendar, rule: Recurrence, due: tuple[list[int], int], now: int, policy: tuple[MisfirePolicy, int]
) -> Overdue:
    """Divide the instants up to `due[1]` that are no longer on time. The policy is (misfire, grace in ms)."""
    instants, up_to = due
    on_time = bisect_left(instants, now - misfire.ON_TIME_MS)
    part = instants[: min(on_time, bisect_right(instants, up_to))]
    newer = reversed(instants[len(part) : bisect_right(instants, now)])
    goes = dict(going(calendar, rule, part))
    ahead = [at for _, at in islice(going(calendar, rule, newer), NEWEST)]
    missed = frozenset(misfire.split_by_policy([*goes.values(), *ahead], now, *policy).missed)
    late = tuple(due_at for due_at, at in goes.items() if at in missed)
    return Overdue(tuple(due_at for due_at in part if goes.get(due_at) not in missed), late)


def going(calendar: Calendar, rule: Recurrence, due: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Those that are to go at all, each (due_at, when); an earlier one never goes later."""
    for due_at in due:
        ruled = None if calendar.is_empty else decide_in_time(calendar, rule, due_at)
        if ruled is None:
            yield due_at, due_at
        elif ruled.at is not None and ruled.replaced_by is None:
            yield due_at, ruled.at
