"""Circuit breaker for an outage of Slack: it opens after failures in a row, lets probes pass, and closes by itself.

Time-outs, network errors and HTTP 5xx count as failures. Failures of a single workspace do not open the circuit while
others succeed. While it is open, one post at a time goes out as a probe, with growing pauses, and uses up no attempt.
Instants are steady milliseconds. Pure.
"""

from dataclasses import dataclass, field

from schedbot.model import AttemptResult, Outcome
from schedbot.store.jobs.outage import OUTAGE_FAILURES

FAILURES_TO_OPEN = OUTAGE_FAILURES
FIRST_PAUSE_MS = 5_000
LONGEST_PAUSE_MS = 60_000
RECENT_MS = 60_000
OUTAGE_OUTCOMES = (Outcome.UNKNOWN, Outcome.NOT_POSTED)
NETWORK_ERRORS = frozenset(
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


def is_outage(result: AttemptResult) -> bool:
    """Is the failure a sign that Slack as a whole is down, and not a matter of this post?"""
    if result.outcome not in OUTAGE_OUTCOMES:
        return False
    return result.error in NETWORK_ERRORS or (result.http_status or 0) >= 500


@dataclass(slots=True)
class CircuitBreaker:
    """Closed while Slack answers; open after FAILURES_TO_OPEN failures in a row.

    `counted_jobs`: the jobs whose attempts these failures have used up. `failing_workspace`: the workspace of the last
    failure; `is_widespread`: another workspace failed in this row as well. `answered_workspace`, `answered_at`: the
    last answer.
    """

    failures: int = 0
    pause_ms: int = 0
    probe_at: int = 0
    counted_jobs: list[int] = field(default_factory=list)
    failing_workspace: str = ""
    is_widespread: bool = False
    answered_workspace: str = ""
    answered_at: int = 0

    @property
    def is_open(self) -> bool:
        return self.failures >= FAILURES_TO_OPEN

    @property
    def has_seen_outage(self) -> bool:
        """Is it open because of this pool's own posts, and not only by the record of an earlier pool?"""
        return self.is_open and self.pause_ms > 0

    def spares_attempt(self, result: AttemptResult, previous_error: str | None, *, is_last: bool) -> bool:
        """Does a recorded failure use up no attempt? `previous_error`: the error of the job's failure before this one.

        No failure uses up an attempt while the circuit is open. A job's last attempt that got no connection is used up
        only if Slack has answered another post between two such failures of the job: else this may be an outage.
        """
        if self.is_open or not is_outage(result):
            return is_outage(result)
        was_answered_since = previous_error in NETWORK_ERRORS and self.failures == 1
        return is_last and result.outcome is Outcome.NOT_POSTED and not was_answered_since

    def take_counted_jobs(self) -> list[int]:
        """Return the jobs that lost an attempt before the circuit opened, once; a job appears for each attempt."""
        jobs, self.counted_jobs = self.counted_jobs, []
        return jobs

    def record(self, result: AttemptResult, workspace: str, now: int) -> bool:
        """Count an answer or a failure. Return whether the circuit opened or closed."""
        if not result.was_sent:
            return False
        has_failed = is_outage(result)
        if not (self.failures or has_failed):
            self.record_answer(workspace, now)
            return False
        was_open = self.is_open
        if not has_failed:
            self.failures = self.pause_ms = self.probe_at = 0
            self.counted_jobs, self.is_widespread = [], False
            self.record_answer(workspace, now)
        else:
            self._count_failure(workspace, now)
            if self.is_open and now >= self.probe_at:  # earlier ones were in flight when it opened
                self.pause_ms = min(LONGEST_PAUSE_MS, max(FIRST_PAUSE_MS, self.pause_ms * 2))
                self.probe_at = now + self.pause_ms
        return self.is_open != was_open

    def record_answer(self, workspace: str, now: int) -> None:
        """Keep the last answer."""
        self.answered_workspace, self.answered_at = workspace, now

    def _count_failure(self, workspace: str, now: int) -> None:
        """Add a failure; it does not open the circuit while only this workspace fails and another was answered."""
        self.is_widespread = self.is_widespread or (self.failures > 0 and self.failing_workspace != workspace)
        is_other_answered = self.answered_workspace not in ("", workspace) and now - self.answered_at <= RECENT_MS
        is_alone = not self.is_open and not self.is_widespread and is_other_answered
        self.failures = min(self.failures + 1, FAILURES_TO_OPEN - 1) if is_alone else self.failures + 1
        self.failing_workspace = workspace

    def count_allowed(self, now: int, in_flight: int) -> int:
        """Return how many posts may be sent now."""
        if not self.is_open:
            return 1 << 30
        return 1 if in_flight == 0 and now >= self.probe_at else 0
