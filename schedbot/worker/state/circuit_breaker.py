"""When Slack itself is down, nothing is gained by trying: a circuit opens for all, probes, and closes by itself.

What counts is silence of the network and HTTP 5xx, in a row, without an answer between them. What one workspace meets
alone, while another is answered, is not Slack's being down. While it is open one post at a time goes out as a probe,
further and further apart, and none uses up an attempt. Times are monotonic milliseconds. Pure.
"""

from dataclasses import dataclass, field

from schedbot.model import AttemptResult, Outcome
from schedbot.store.jobs.outage import OUTAGE_FAILURES

IN_A_ROW = OUTAGE_FAILURES
FIRST_PAUSE_MS = 5_000
LONGEST_PAUSE_MS = 60_000
LATELY_MS = 60_000
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


def is_outage(reply: AttemptResult) -> bool:
    """Does the answer, or its absence, speak of Slack as a whole and not of one post?"""
    if reply.outcome not in (Outcome.UNKNOWN, Outcome.NOT_POSTED):
        return False
    return reply.error in OF_THE_NETWORK or (reply.http_status or 0) >= 500


@dataclass(slots=True)
class Circuit:
    """Closed while Slack answers; open after IN_A_ROW silences. `counted`: the jobs that these have cost an attempt.

    `silent` is the workspace of the last silence, `several` whether others were silent in that row; `answered` is the
    workspace of the last answer, and when that came.
    """

    failures: int = 0
    pause_ms: int = 0
    probe_at: int = 0
    counted: list[int] = field(default_factory=list)
    silent: str = ""
    several: bool = False
    answered: tuple[str, int] | None = None

    @property
    def open(self) -> bool:
        return self.failures >= IN_A_ROW

    @property
    def seen_open(self) -> bool:
        """Has this pool itself met with the outage, and not only heard of it?"""
        return self.open and self.pause_ms > 0

    def spares(self, reply: AttemptResult, before: str | None, *, last: bool) -> bool:
        """Does a failure that was heard use up no attempt? `before`: the error of the job's failure before this one.

        None does while the circuit is open. And where there was no connection at all, the `last` one that a job has is
        used up only if Slack has answered somebody between two such failures of the job: else this may be an outage.
        """
        if self.open or not is_outage(reply):
            return is_outage(reply)
        answered_since = before in OF_THE_NETWORK and self.failures == 1
        return last and reply.outcome is Outcome.NOT_POSTED and not answered_since

    def given_back(self) -> list[int]:
        """The jobs that lost an attempt before the circuit opened, each as often as it did; once."""
        counted, self.counted = self.counted, []
        return counted

    def heard(self, reply: AttemptResult, workspace: str, now: int) -> bool:
        """Take note of an answer, or of none. Returns whether the circuit opened or closed by it."""
        if reply.outcome is Outcome.LOST_UNSENT or reply.error == "token_unavailable":
            return False  # it never reached Slack
        was_open = self.open
        if not is_outage(reply):
            self.failures = self.pause_ms = self.probe_at = 0
            self.counted, self.several = [], False
            self.answered = workspace, now
        else:
            self.count(workspace, now)
            if self.open and now >= self.probe_at:  # what was in flight when it opened is no probe
                self.pause_ms = min(LONGEST_PAUSE_MS, max(FIRST_PAUSE_MS, self.pause_ms * 2))
                self.probe_at = now + self.pause_ms
        return self.open != was_open

    def count(self, workspace: str, now: int) -> None:
        """One silence more; but where another workspace was answered lately, and only this one not since, no outage."""
        self.several = self.several or (self.failures > 0 and self.silent != workspace)
        by, at = self.answered or (workspace, now)
        is_alone = not self.open and not self.several and by != workspace and now - at <= LATELY_MS
        self.failures = min(self.failures + 1, IN_A_ROW - 1) if is_alone else self.failures + 1
        self.silent = workspace

    def allows(self, now: int, in_flight: int) -> int:
        """How many posts may leave now."""
        if not self.open:
            return 1 << 30
        return 1 if in_flight == 0 and now >= self.probe_at else 0
