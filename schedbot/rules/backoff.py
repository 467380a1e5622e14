"""How long to wait before the next try: exponential, capped, with full jitter.

After the AWS Architecture Blog, "Exponential Backoff And Jitter": the wait is drawn evenly from nothing up to the
base, so that many jobs that failed together do not come back together. Pure: the dice are an argument.
"""

from collections.abc import Callable

FIRST_MS = 5_000
GROWTH = 4
CAP_MS = 15 * 60_000
# Slack takes one message a second for a channel: a quicker retry could only meet the limit.
LEAST_MS = 1_000
# From here on the cap holds anyway; an attempt number without bound must not build a number without bound.
LAST_GROWING_ATTEMPT = 10


def base_ms(attempt: int) -> int:
    """The longest wait in milliseconds after attempt number `attempt` (from 1): 5 s, 20 s, 80 s, ... 15 min."""
    times_grown = min(max(attempt, 1), LAST_GROWING_ATTEMPT) - 1
    return min(CAP_MS, FIRST_MS * int(GROWTH**times_grown))


def wait_ms(attempt: int, random: Callable[[], float]) -> int:
    """The wait in milliseconds after attempt number `attempt`; `random` draws from 0 up to 1."""
    return max(LEAST_MS, int(base_ms(attempt) * random()))
