"""The one place where clocks are read: the time of day, and time that only passes."""

import time

# It goes on while a machine is suspended, which CLOCK_MONOTONIC does not; other systems have only the one.
STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def now_ms() -> int:
    """The present instant: UTC milliseconds since the epoch. Somebody may set it at any moment."""
    return time.time_ns() // 1_000_000


def steady_ms() -> int:
    """Milliseconds that nobody sets, the same for all processes of a machine: for what is measured, never stored."""
    return time.clock_gettime_ns(STEADY) // 1_000_000
