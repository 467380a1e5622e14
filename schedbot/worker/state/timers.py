"""What a pool does from time to time, by a clock that nobody sets. Instants are steady milliseconds. Pure."""

from dataclasses import dataclass


@dataclass(slots=True)
class Rhythm:
    """Something that is to be done every so many milliseconds."""

    every_ms: int
    next_at: int = 0

    def due(self, now: int) -> bool:
        """Is it time? Then the next time is set."""
        if now < self.next_at:
            return False
        self.next_at = now + self.every_ms
        return True


@dataclass(slots=True)
class Rhythms:
    """What the loop does from time to time."""

    look: Rhythm
    rescue: Rhythm
    beat: Rhythm
    renew: Rhythm

    def next_instant(self, stopping: bool) -> int:
        """When the next of them is due; one that stops looks for nothing more and rescues nobody."""
        goes_on = min(self.beat.next_at, self.renew.next_at)
        return goes_on if stopping else min(goes_on, self.look.next_at, self.rescue.next_at)
