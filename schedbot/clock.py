"""The one place where the time of day is read."""

import time


def now_ms() -> int:
    """The present instant: UTC milliseconds since the epoch."""
    return time.time_ns() // 1_000_000
