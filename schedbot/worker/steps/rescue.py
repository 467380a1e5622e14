"""Leases that have passed: what a pool that is gone held is taken over.

One that seems to have passed is believed only when it was not renewed for a while of monotonic time: a clock that is
set does not make a living pool look dead.
"""

from dataclasses import dataclass, field
from functools import partial

from schedbot import log
from schedbot.clock import steady_ms
from schedbot.store.jobs import claims, unknown
from schedbot.store.jobs.claims import ExpiredLease
from schedbot.worker.state.in_flight import Hand


@dataclass(slots=True)
class Leases:
    """What this pool has seen of others' leases: of each job and token, until when it holds, and since when so."""

    hand: Hand
    seen: dict[tuple[int, int], tuple[int, int]] = field(default_factory=dict)

    def round(self) -> None:
        """Take over what a pool that is gone held."""
        now, present = self.hand.session.now(), steady_ms()
        past = claims.list_expired_leases(self.hand.session.db, now, self.hand.session.settings.lease_ms)
        own = {(one.job.id, one.job.token) for one in self.hand.jobs.values()}
        still = {}
        for one in past:
            key = (one.id, one.token)
            if key in own:
                continue
            lease_until, since = self.seen.get(key, (one.lease_until, present))
            still[key] = (one.lease_until, since if lease_until == one.lease_until else present)
            if present - still[key][1] >= self.confirm_ms():
                self.take_over(one, now)
        self.seen = still

    def confirm_ms(self) -> int:
        """A living pool renews after a third of a lease."""
        return self.hand.session.settings.lease_ms // 3 + 1_000

    def take_over(self, one: ExpiredLease, now: int) -> None:
        lose = partial(unknown.rescue, job_id=one.id, token=one.token, now=now, window_ms=self.hand.window_ms)
        self.hand.ledger.add(lose, partial(self.taken_over, one))

    def taken_over(self, one: ExpiredLease, state: str | None) -> None:
        log.event("lease_passed", "warning", job=one.id, state=state)
