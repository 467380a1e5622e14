"""What becomes of occurrences that no tick saw in time: some are run late, the others are on record as missed.

An occurrence is on time up to a minute late, since cron ticks once a minute; what is on time or still to come always
runs. An older one is a misfire, and the schedule's policy decides. Pure: the present is an argument.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from schedbot.model import MisfirePolicy

ON_TIME_MS = 60_000
# What a person sends has so long at least: without a grace it would be past its deadline at once.
MIN_GRACE_MS = 3_600_000


class MisfireSplit(NamedTuple):
    """The instants to run and the instants to record as missed, each in order of time."""

    run: list[int]
    missed: list[int]


def split_by_policy(due: Sequence[int], now: int, policy: MisfirePolicy, grace_ms: int) -> MisfireSplit:
    """Divide `due` (UTC milliseconds) by the policy. `grace_ms` is how late a misfire may still run."""
    instants = sorted(due)
    on_time = bisect_left(instants, now - ON_TIME_MS)
    in_grace = min(on_time, bisect_left(instants, now - grace_ms))
    first = _first_misfire_to_run(instants, in_grace, on_time, now, policy)
    return MisfireSplit(run=instants[first:], missed=instants[:first])


def _first_misfire_to_run(instants: list[int], in_grace: int, on_time: int, now: int, policy: MisfirePolicy) -> int:
    """The index from which on instants are run; the misfires within grace are those in [in_grace, on_time)."""
    if policy is MisfirePolicy.ALL:
        return in_grace
    # What came due in the last minute is the newest already. What is only to come is not: it may yet be edited away.
    newest_is_on_time = bisect_right(instants, now) > on_time
    if policy is MisfirePolicy.SKIP or newest_is_on_time:
        return on_time
    return max(in_grace, on_time - 1)
