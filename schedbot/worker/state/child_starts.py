"""Starts of children, by kind: a kind that cannot be started is tried again with growing pauses, and delays no other.

After some starts that failed, `health` shows it, and a draining pool ends. Instants are steady milliseconds.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from enum import StrEnum

from schedbot.clock import steady_ms
from schedbot.errors import SchedbotError
from schedbot.slack.remedies import explain_passing_failure
from schedbot.store.operations.passing_failures import PassingFailure
from schedbot.worker.children.child_process import RestartBackoff
from schedbot.worker.state.passing_failures import FailureKey, PassingFailures

FAILURES_TO_TELL = 4  # about 10 s
START_MS = 60_000  # a child that takes longer to start hangs


class ChildKind(StrEnum):
    """Kind of a child; its value is the code of the failure if none can be started."""

    POSTER = "no_posters"
    RENDERER = "no_renderers"
    LIVE_RENDERER = "no_live_renderers"


@dataclass(slots=True)
class ChildStarts:
    """Pauses between the starts of each kind, and the reason of the last that failed."""

    passing: PassingFailures
    backoffs: dict[ChildKind, RestartBackoff] = field(default_factory=lambda: defaultdict(RestartBackoff))
    reasons: dict[ChildKind, str] = field(default_factory=dict)

    def allows(self, kind: ChildKind) -> bool:
        """May a child of the kind be started?"""
        return self.backoffs[kind].allows_start(steady_ms())

    def record_failure(self, kind: ChildKind, reason: str, now: int) -> None:
        """Record that a child could not be started, or died before it was ready. `now` is UTC."""
        backoff = self.backoffs[kind]
        backoff.record_failure(steady_ms())
        self.reasons[kind] = reason
        if backoff.failures >= FAILURES_TO_TELL:
            self.passing.record(PassingFailure(kind.value, "", "", now, now, reason))

    def record_success(self, kind: ChildKind) -> None:
        """Record that a child is ready."""
        self.backoffs[kind].record_success()
        self.passing.clear(FailureKey(kind.value, ""))

    def find_error(self, kind: ChildKind) -> SchedbotError | None:
        """Return the error of a kind that cannot be started, after some starts that failed."""
        if self.backoffs[kind].failures < FAILURES_TO_TELL:
            return None
        return SchedbotError(*explain_passing_failure(kind.value, "", self.reasons.get(kind, "")))
