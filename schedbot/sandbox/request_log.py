"""Log of the API requests with their outcome, for tests that count requests."""

import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

# Bounds the memory of a long benchmark; far above the needs of any test.
MAX_RECORDS = 500_000
OPEN = "open"


@dataclass(slots=True)
class RequestRecord:
    """A request. `at_ms` is UTC milliseconds; `outcome` is `ok`, Slack's code, `open`, `dropped` or `http_500`.

    `unfurl`: a post asks for previews of its links.
    """

    method: str
    workspace: str
    channel: str
    text: str
    thread_ts: str = ""
    unfurl: bool = False
    at_ms: int = field(default_factory=lambda: time.time_ns() // 1_000_000)
    outcome: str = OPEN
    fault: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the record as the control API shows it."""
        return {name: getattr(self, name) for name in self.__slots__}


def new_request_log() -> deque[RequestRecord]:
    """Return an empty log, which drops its oldest record when it is full."""
    return deque(maxlen=MAX_RECORDS)
