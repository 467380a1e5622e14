"""When a pool may end: asked to stop, or, where it drains, with nothing left that is due.

What another pool that lives has in hand is that pool's to end. So a pool that drains waits for others' claims until
they are renewed (their pool lives) or have passed (it is gone: its jobs are taken over), and for no later ones.
"""

from dataclasses import dataclass

from schedbot import log
from schedbot.clock import steady_ms
from schedbot.store.operations import drain
from schedbot.worker.state.in_flight import Hand

SOON_MS = 60_000  # a drain does not wait for what has to wait longer
STOP_MARGIN_MS = 5_000  # beside the request's own time-out


@dataclass(slots=True)
class Ending:
    """How far a pool is from its end. Instants are steady milliseconds."""

    hand: Hand
    stopping_since: int | None = None
    others: dict[int, int] | None = None  # claims of which it is not known whether their pool lives, with their leases

    @property
    def stop_by(self) -> int:
        """When it ends whatever is still in flight; far away while nobody asked it to stop."""
        if self.stopping_since is None:
            return 1 << 62
        return self.stopping_since + self.hand.session.settings.timeout_ms + STOP_MARGIN_MS

    def stopped(self) -> bool:
        """Asked to stop: what has not left is given back, what has is waited for, but not for ever."""
        if self.stopping_since is None:
            self.stopping_since = steady_ms()
            log.event("stopping", in_flight=self.hand.in_flight())
        self.hand.give_all_back()
        if (self.hand.jobs or self.hand.ledger) and steady_ms() < self.stop_by:
            return False
        self.hand.ledger.commit(self.hand.session.db)
        return True

    def drained(self) -> bool:
        """Is nothing left that is due and can be settled soon?"""
        if self.hand.jobs or self.hand.ledger:
            return False
        if not self.hand.circuit.allows(steady_ms(), in_flight=0):
            return True
        now = self.hand.session.now()
        return not (drain.has_due_jobs(self.hand.session.db, now, now + SOON_MS) or self.waits_for_others())

    def waits_for_others(self) -> bool:
        """Are there claims, made before this was asked first, that were neither renewed nor ended since?"""
        held = drain.list_claims(self.hand.session.db)
        if self.others is None:
            self.others = held
        self.others = {token: lease for token, lease in self.others.items() if held.get(token) == lease}
        return bool(self.others)
