"""What the pool has in hand: jobs that were claimed, where each stands, and how it is let go.

Everything here is known to this pool alone; what others must know is in the database before it is acted on.
"""

import random
from dataclasses import dataclass, field
from functools import partial

from schedbot import log
from schedbot.clock import steady_ms
from schedbot.session import Session
from schedbot.store.jobs import claims, unknown
from schedbot.store.jobs.claims import ClaimedJob
from schedbot.worker.state.circuit_breaker import Circuit
from schedbot.worker.state.poster_handle import Seat
from schedbot.worker.state.send_queue import PACE_MS, Delivery, Departures, Place
from schedbot.worker.state.verdict import MARGIN_MS, SPREAD_MS, WINDOW_MS
from schedbot.worker.state.write_queue import Ledger

# What a clock may be off between two turns of the loop before it is taken to have been set.
CLOCK_SET_MS = 1_000


@dataclass(slots=True)
class Hand:
    """The jobs that this pool has taken, and the children that it can give them to."""

    session: Session
    ledger: Ledger
    seats: list[Seat]
    worker: str
    installation: str
    jobs: dict[int, Delivery] = field(default_factory=dict)
    departures: Departures = field(default_factory=Departures)
    circuit: Circuit = field(default_factory=Circuit)
    tally: dict[str, int] = field(default_factory=dict)
    at_place: dict[Place, int] = field(default_factory=dict)
    clock_ms: int | None = None  # Slack's clock less ours, as its last answer said
    drift: int | None = None
    set_at: int = 0  # when, by the clock as it is now, somebody set the clock; 0: never
    set_back_ms: int = 0  # by how much in all somebody set it back
    quiet_until: int = 0  # steady time before which no history is asked

    @property
    def window_ms(self) -> int:
        """How long after it was sent a message may still arrive."""
        return WINDOW_MS + self.session.settings.timeout_ms + MARGIN_MS

    def watch_clock(self) -> None:
        """Notice that somebody set the clock: instants that were stored before no longer tell how long ago that was."""
        now, present = self.session.now(), steady_ms()
        jump = 0 if self.drift is None else now - present - self.drift
        self.drift = now - present
        if abs(jump) < CLOCK_SET_MS:
            return
        log.event("clock_set", "warning", by_ms=jump)
        self.set_at, self.quiet_until = now, present + self.window_ms
        self.set_back_ms += max(0, -jump)
        if self.clock_ms is not None:
            self.clock_ms -= jump

    def serving(self) -> list[Seat]:
        """The children that take more."""
        return [seat for seat in self.seats if seat.ready and not seat.retiring]

    def slots(self) -> int:
        """How many more posts the children can have in flight."""
        return sum(max(0, self.session.settings.in_flight - len(seat.hand)) for seat in self.serving())

    def in_flight(self) -> int:
        return sum(len(seat.hand) for seat in self.seats)

    def count(self, state: str) -> None:
        self.tally[state] = self.tally.get(state, 0) + 1

    def unsent(self) -> list[Delivery]:
        """What is in hand and has not left; what is about to be written as leaving is not among it."""
        return [one for one in self.jobs.values() if one.sent_at is None and one.number == 0]

    def add(self, delivery: Delivery) -> None:
        """A job is taken."""
        self.jobs[delivery.key] = delivery
        self.at_place[delivery.place] = self.at_place.get(delivery.place, 0) + 1

    def drop(self, delivery: Delivery) -> None:
        """It is in hand no longer."""
        if delivery.over:
            return
        delivery.over = True
        self.jobs.pop(delivery.key, None)
        if delivery.seat is not None:
            delivery.seat.hand.pop(delivery.key, None)
        left = self.at_place.get(delivery.place, 1) - 1
        self.at_place[delivery.place] = left
        if left <= 0:
            del self.at_place[delivery.place]
        if delivery.sent_mono:
            self.departures.freed(delivery.place, steady_ms() + (PACE_MS if delivery.number else 0))

    def expire(self, job: ClaimedJob) -> None:
        """Its grace is over: it is not posted any more."""
        log.event("grace_over", "warning", job=job.id, schedule=job.schedule)
        self.count("missed" if job.attempts == 0 else "failed")
        self.ledger.add(lambda db: claims.expire(db, job.id, job.token), ends=True)

    def put_back(self, job: ClaimedJob, available_at: int) -> None:
        """Give a job back to the queue."""
        self.ledger.add(lambda db: claims.release(db, [(job.id, job.token, available_at)]), ends=True)

    def renew(self) -> None:
        """Hold on to all that is in hand."""
        by_token: dict[int, list[int]] = {}
        for delivery in self.jobs.values():
            by_token.setdefault(delivery.job.token, []).append(delivery.job.id)
        lease_until = self.session.now() + self.session.settings.lease_ms
        for token, ids in by_token.items():
            self.ledger.add(partial(claims.renew, token=token, ids=ids, lease_until=lease_until))

    def recall(self) -> None:
        """What was about to be written as leaving stays: nothing of it is on the disk, and nothing has left."""
        for delivery in self.jobs.values():
            if delivery.number == 0:
                delivery.sent_at = None

    def give_all_back(self) -> None:
        """Put back what has not left: the pool is to end."""
        for delivery in self.unsent():
            self.put_back(delivery.job, delivery.job.available_at)
            self.drop(delivery)

    def give_back_until(self, at: int) -> None:
        """The circuit is open: what has not left goes back until the next probe."""
        available_at = self.session.now() + max(0, at - steady_ms())
        for delivery in self.unsent():
            self.put_back(delivery.job, available_at)
            self.drop(delivery)

    def hold(self, workspace_id: str, until: int) -> None:
        """A limit holds the workspace: what is in hand and has not left goes back, and takes up no room."""
        self.departures.hold(workspace_id, steady_ms() + until - self.session.now())
        for delivery in self.unsent():
            if delivery.job.workspace_id == workspace_id:
                self.put_back(delivery.job, until + int(random.random() * SPREAD_MS))
                self.drop(delivery)

    def lost(self, seat: Seat) -> None:
        """A child died: what had not left is queued again, what had is unknown."""
        now = self.session.now()
        for delivery in list(seat.hand.values()):
            job = delivery.job
            self.ledger.add(
                partial(unknown.rescue, job_id=job.id, token=job.token, now=now, window_ms=self.window_ms),
                partial(self.lost_one, delivery),
                ends=True,
            )

    def lost_one(self, delivery: Delivery, state: str | None) -> None:
        log.event("worker_lost", "warning", job=delivery.job.id, schedule=delivery.job.schedule, state=state)
        if state:
            self.count(state)
        self.drop(delivery)
