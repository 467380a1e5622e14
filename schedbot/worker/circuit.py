"""When Slack itself is down, nothing is gained by trying: a circuit opens for all, probes, and closes by itself.

What counts is silence of the network and HTTP 5xx, in a row, without an answer between them. While it is open one post
at a time goes out as a probe, further and further apart. Times are monotonic milliseconds. Pure.
"""

from dataclasses import dataclass

from schedbot.model import Outcome, Reply

IN_A_ROW = 5
FIRST_PAUSE_MS = 5_000
LONGEST_PAUSE_MS = 60_000
OF_THE_NETWORK = frozenset(
    {
        "timeout",
        "connection_lost",
        "connection_refused",
        "connection_failed",
        "connect_timeout",
        "dns",
        "tls",
        "service_unavailable",
    }
)


def is_outage(reply: Reply) -> bool:
    """Does the answer, or its absence, speak of Slack as a whole and not of one post?"""
    if reply.outcome not in (Outcome.UNKNOWN, Outcome.NOT_POSTED):
        return False
    return reply.error in OF_THE_NETWORK or (reply.http_status or 0) >= 500


@dataclass(slots=True)
class Circuit:
    """Closed while Slack answers; open after IN_A_ROW silences."""

    failures: int = 0
    pause_ms: int = 0
    probe_at: int = 0

    @property
    def open(self) -> bool:
        return self.failures >= IN_A_ROW

    def heard(self, reply: Reply, now: int) -> bool:
        """Take note of an answer. Returns whether the circuit opened or closed by it."""
        if reply.outcome is Outcome.LOST_UNSENT or reply.error == "token_unavailable":
            return False  # it never reached Slack
        was_open = self.open
        if not is_outage(reply):
            self.failures = self.pause_ms = 0
        else:
            self.failures += 1
            if self.open:
                self.pause_ms = min(LONGEST_PAUSE_MS, max(FIRST_PAUSE_MS, self.pause_ms * 2))
                self.probe_at = now + self.pause_ms
        return self.open != was_open

    def allows(self, now: int, in_flight: int) -> int:
        """How many posts may leave now."""
        if not self.open:
            return 1 << 30
        return 1 if in_flight == 0 and now >= self.probe_at else 0
