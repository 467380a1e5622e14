"""The only module that reads clocks: the time of day, and a steady clock for durations."""

import time

# CLOCK_BOOTTIME also counts while the machine is suspended. Systems other than Linux have only CLOCK_MONOTONIC.
STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def now_ms() -> int:
    """Return the present instant in UTC milliseconds since the epoch. The clock may be set at any moment."""
    return time.time_ns() // 1_000_000


def steady_ms() -> int:
    """Return milliseconds of a clock that is never set, equal for all processes of the machine. Never stored."""
    return time.clock_gettime_ns(STEADY) // 1_000_000
