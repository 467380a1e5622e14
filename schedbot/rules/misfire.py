"""Misfire policies: run an overdue occurrence late, or record it as missed.

An occurrence is on time up to a minute late, because cron runs a tick once a minute. Occurrences on time or in the
future always run. An older one is a misfire, and the schedule's policy decides. Pure: the present is an argument.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from schedbot.model import MisfirePolicy

ON_TIME_MS = 60_000
# Jobs that a person sends have at least this grace, or a schedule without grace would miss them at once.
MIN_GRACE_MS = 3_600_000


class MisfireSplit(NamedTuple):
    """Instants to run and instants to record as missed, both sorted."""

    run: list[int]
    missed: list[int]


def split_by_policy(due: Sequence[int], now: int, policy: MisfirePolicy, grace_ms: int) -> MisfireSplit:
    """Split instants (UTC milliseconds) by the policy. A misfire may run until `grace_ms` after its instant."""
    instants = sorted(due)
    on_time = bisect_left(instants, now - ON_TIME_MS)
    in_grace = min(on_time, bisect_left(instants, now - grace_ms))
    first = _first_misfire_to_run(instants, in_grace, on_time, now, policy)
    return MisfireSplit(run=instants[first:], missed=instants[:first])


def _first_misfire_to_run(instants: list[int], in_grace: int, on_time: int, now: int, policy: MisfirePolicy) -> int:
    """Return the index of the first instant to run. The misfires within grace are in [in_grace, on_time)."""
    if policy is MisfirePolicy.ALL:
        return in_grace
    # An occurrence of the last minute is the newest one. A future occurrence is not: an edit may still remove it.
    newest_is_on_time = bisect_right(instants, now) > on_time
    if policy is MisfirePolicy.SKIP or newest_is_on_time:
        return on_time
    return max(in_grace, on_time - 1)
