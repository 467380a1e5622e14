"""Rescue of jobs whose lease has passed: their pool is gone.

A lease counts as passed only after it was not renewed for a while of steady time: a clock that is set does not make a
living pool look dead.
"""

from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from schedbot import log
from schedbot.clock import steady_ms
from schedbot.store.jobs import rescue
from schedbot.store.jobs.rescue import ExpiredLease
from schedbot.worker.state.in_flight import InFlight
from schedbot.worker.state.write_queue import WriteFailure


class ClaimKey(NamedTuple):
    """A job under the token that claimed it."""

    job_id: int
    token: int


@dataclass(frozen=True, slots=True)
class Sighting:
    """A lease that seems to have passed: its end, and since when this end has been seen (steady milliseconds)."""

    lease_until: int
    since: int


@dataclass(slots=True)
class Rescuer:
    """Takes over jobs of pools that are gone."""

    in_flight: InFlight
    sightings: dict[ClaimKey, Sighting] = field(default_factory=dict)

    def run(self) -> None:
        """Take over the jobs whose lease has passed for long enough."""
        session, steady = self.in_flight.session, steady_ms()
        now = session.now()
        own = {ClaimKey(delivery.job.id, delivery.job.token) for delivery in self.in_flight.deliveries.values()}
        sightings = {}
        for lease in rescue.list_expired_leases(session.db, now, session.settings.lease_ms):
            claim = ClaimKey(lease.id, lease.token)
            if claim in own:
                continue
            sighting = self.sightings.get(claim)
            if sighting is None or sighting.lease_until != lease.lease_until:
                sighting = Sighting(lease.lease_until, steady)
            sightings[claim] = sighting
            if steady - sighting.since >= self.confirmation_ms:
                self.take_over(lease, now)
        self.sightings = sightings

    @property
    def confirmation_ms(self) -> int:
        """Time without a renewal after which a pool is gone: a living pool renews after a third of a lease."""
        return self.in_flight.session.settings.lease_ms // 3 + 1_000

    def take_over(self, lease: ExpiredLease, now: int) -> None:
        """Queue the job again if nothing had left; else its outcome is unknown."""
        window_ms = self.in_flight.arrival_limit_ms
        lose = partial(rescue.rescue_job, job_id=lease.id, token=lease.token, now=now, window_ms=window_ms)
        self.in_flight.writes.add(lose, partial(self.on_taken_over, lease), partial(self.on_failure, lease))

    def on_failure(self, lease: ExpiredLease, failure: WriteFailure) -> None:
        """Watch the claim anew after an unexpected error, so that it is tried again later."""
        log.failure("rescue", failure.error, job=lease.id)
        self.sightings.pop(ClaimKey(lease.id, lease.token), None)

    def on_taken_over(self, lease: ExpiredLease, state: str | None) -> None:
        log.event("lease_expired", "warning", job=lease.id, state=state)
