"""Starting children: one that dies before it is ready is not started again at once, but after a growing pause.

Instants are steady milliseconds. Pure.
"""

from dataclasses import dataclass

FIRST_PAUSE_MS = 1_000
LONGEST_PAUSE_MS = 60_000


@dataclass(slots=True)
class Births:
    """From when on another child may be started."""

    not_before: int = 0
    pause_ms: int = 0

    def allowed(self, now: int) -> bool:
        """May one be started?"""
        return now >= self.not_before

    def failed(self, now: int) -> None:
        """One could not be started, or died before it was ready."""
        self.pause_ms = min(LONGEST_PAUSE_MS, max(FIRST_PAUSE_MS, self.pause_ms * 2))
        self.not_before = now + self.pause_ms

    def succeeded(self) -> None:
        """One is ready."""
        self.not_before = self.pause_ms = 0
