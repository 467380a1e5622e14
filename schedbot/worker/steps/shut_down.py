"""Shut-down: when a pool may end, on request or, with `--drain`, once nothing is due.

Jobs claimed by another live pool are left to it. So a draining pool waits for other pools' claims until they are
renewed (their pool lives) or have passed (their pool is gone, and their jobs are taken over), and for no later claims.
"""

from dataclasses import dataclass

from schedbot import log
from schedbot.clock import steady_ms
from schedbot.store.operations import remaining_jobs
from schedbot.worker.state.in_flight import InFlight

SOON_MS = 60_000  # a drain does not wait for jobs that have to wait longer
STOP_MARGIN_MS = 5_000  # beside the time-out of a request
NEVER = 1 << 62


@dataclass(slots=True)
class Shutdown:
    """Progress towards the pool's end. `stopping_since` is steady milliseconds.

    `other_claims`: claims of pools that may be gone, by token, each with the end of its lease.
    """

    in_flight: InFlight
    stopping_since: int | None = None
    other_claims: dict[int, int] | None = None

    @property
    def stop_by(self) -> int:
        """Return when the pool ends whatever is in flight (steady milliseconds); NEVER before a stop request."""
        if self.stopping_since is None:
            return NEVER
        return self.stopping_since + self.in_flight.session.settings.timeout_ms + STOP_MARGIN_MS

    def stop(self) -> bool:
        """Give back all that has not been sent. Return whether the rest has ended, or its time is over."""
        if self.stopping_since is None:
            self.stopping_since = steady_ms()
            log.event("shutdown_started", in_flight=self.in_flight.count_sending())
        self.in_flight.put_all_back()
        if (self.in_flight.deliveries or self.in_flight.writes) and steady_ms() < self.stop_by:
            return False
        self.in_flight.writes.commit(self.in_flight.session.db)
        return True

    def is_drained(self) -> bool:
        """Is nothing due that this pool can end soon?"""
        if self.in_flight.deliveries or self.in_flight.writes:
            return False
        if not self.in_flight.breaker.count_allowed(steady_ms(), in_flight=0):
            return True
        session = self.in_flight.session
        now = session.now()
        return not (remaining_jobs.has_due_jobs(session.db, now, now + SOON_MS) or self.waits_for_other_pools())

    def waits_for_other_pools(self) -> bool:
        """Are there claims from before the first call that were neither renewed nor ended since?"""
        current = remaining_jobs.list_claims(self.in_flight.session.db)
        if self.other_claims is None:
            self.other_claims = current
        self.other_claims = {
            token: lease_until for token, lease_until in self.other_claims.items() if current.get(token) == lease_until
        }
        return bool(self.other_claims)
