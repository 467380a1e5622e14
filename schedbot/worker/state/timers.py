"""Timers of the pool's periodic work. Instants are steady milliseconds, which nobody can set. Pure."""

from dataclasses import dataclass


@dataclass(slots=True)
class Timer:
    """Periodic work: due every `interval_ms`."""

    interval_ms: int
    next_at: int = 0

    def is_due(self, now: int) -> bool:
        """Is the work due? If so, the next instant is set."""
        if now < self.next_at:
            return False
        self.next_at = now + self.interval_ms
        return True

    def trigger(self) -> None:
        """Make the work due at once."""
        self.next_at = 0


@dataclass(slots=True)
class Timers:
    """Timers of the main loop."""

    claim: Timer
    rescue: Timer
    heartbeat: Timer
    lease_renewal: Timer

    def next_at(self, is_stopping: bool) -> int:
        """Return when the next work is due. A pool that stops claims and rescues nothing more."""
        always = min(self.heartbeat.next_at, self.lease_renewal.next_at)
        return always if is_stopping else min(always, self.claim.next_at, self.rescue.next_at)
