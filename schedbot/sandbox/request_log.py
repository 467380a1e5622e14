"""Every request that came in, and what became of it: what a test reads to see how often it was asked."""

import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

# A long bench must not fill the memory; no test comes near.
KEPT = 500_000
OPEN = "open"


@dataclass(slots=True)
class Received:
    """One request. `at_ms` is UTC milliseconds; `outcome` is `ok`, Slack's code, `open`, `dropped` or `http_500`."""

    method: str
    workspace: str
    channel: str
    text: str
    at_ms: int = field(default_factory=lambda: time.time_ns() // 1_000_000)
    outcome: str = OPEN
    fault: str = ""

    def told(self) -> dict[str, Any]:
        """The record as JSON has it."""
        return {name: getattr(self, name) for name in self.__slots__}


def new_record() -> deque[Received]:
    """An empty record, which forgets its oldest when it is full."""
    return deque(maxlen=KEPT)
