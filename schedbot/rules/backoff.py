"""Wait before the next attempt: exponential, capped, with full jitter.

Source: AWS Architecture Blog, "Exponential Backoff And Jitter". The wait is drawn uniformly from zero to the base, so
that jobs that failed together do not all retry together. Pure: the random function is an argument.
"""

from collections.abc import Callable

FIRST_MS = 5_000
FACTOR = 4
MAX_MS = 15 * 60_000
# Slack allows one message per second and channel, so an earlier retry would hit that limit.
MIN_MS = 1_000
# The cap applies long before; this keeps the power small for any attempt number.
MAX_EXPONENT_ATTEMPT = 10


def base_ms(attempt: int) -> int:
    """Return the longest wait after an attempt (from 1), in milliseconds: 5 s, 20 s, 80 s, ... 15 min."""
    exponent = min(max(attempt, 1), MAX_EXPONENT_ATTEMPT) - 1
    return min(MAX_MS, FIRST_MS * int(FACTOR**exponent))


def wait_ms(attempt: int, random: Callable[[], float]) -> int:
    """Return the wait after an attempt, in milliseconds. `random` returns a number from 0 to 1."""
    return max(MIN_MS, int(base_ms(attempt) * random()))
