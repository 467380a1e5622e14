"""Deliveries in flight in this pool: each job from its claim until it ends or goes back to the queue.

All of this is known to this pool alone. Facts that others need are in the database before the pool acts on them.
"""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from heapq import heapify, heapreplace
from operator import attrgetter

from schedbot import log
from schedbot.clock import steady_ms
from schedbot.model import JobState
from schedbot.rules.channel_pace import PACE_MS, START_LIMIT_MS
from schedbot.session import Session
from schedbot.store.database import Database
from schedbot.store.jobs import claims, rescue
from schedbot.store.jobs.claims import ClaimedJob
from schedbot.store.jobs.pacing import ChannelKey
from schedbot.store.operations import ownership
from schedbot.store.sqlite.location import Location
from schedbot.worker.state.circuit_breaker import CircuitBreaker
from schedbot.worker.state.clock_monitor import ClockMonitor
from schedbot.worker.state.next_state import ARRIVAL_MARGIN_MS, SPREAD_MS
from schedbot.worker.state.passing_failures import PassingFailures
from schedbot.worker.state.poster_handle import PosterHandle
from schedbot.worker.state.registration import PoolRegistration
from schedbot.worker.state.send_queue import Delivery, SendQueue
from schedbot.worker.state.step_failures import StepFailures
from schedbot.worker.state.write_queue import WriteFailure, WriteQueue

FREE_SLOTS = attrgetter("free_slots")
PENDING_STATES = frozenset({JobState.QUEUED, JobState.UNKNOWN})


@dataclass(slots=True)
class InFlight:
    """Deliveries by key, the posters that carry them, and the queues between the steps.

    `arrival_limit_ms`: how long after its start a message may still arrive.
    """

    session: Session
    pool_name: str
    installation: str
    writes: WriteQueue = field(default_factory=WriteQueue)
    failures: StepFailures = field(default_factory=StepFailures)
    posters: list[PosterHandle] = field(default_factory=list)
    deliveries: dict[int, Delivery] = field(default_factory=dict)
    send_queue: SendQueue = field(default_factory=SendQueue)
    breaker: CircuitBreaker = field(default_factory=CircuitBreaker)
    passing: PassingFailures = field(init=False)
    ended: Counter[str] = field(default_factory=Counter)
    pending: dict[int, str] = field(default_factory=dict)
    per_channel: dict[ChannelKey, int] = field(default_factory=dict)
    place: Location | None = None  # of the database
    registration: PoolRegistration = field(init=False)
    clock: ClockMonitor = field(init=False)
    arrival_limit_ms: int = field(init=False)

    def __post_init__(self) -> None:
        self.arrival_limit_ms = START_LIMIT_MS + self.session.settings.timeout_ms + ARRIVAL_MARGIN_MS
        self.registration = PoolRegistration(self.session, self.pool_name, self.send_queue)
        self.passing = PassingFailures(self.writes)
        self.clock = ClockMonitor(self.session.now, self.arrival_limit_ms)

    def refuse_other_owner(self, db: Database) -> None:
        """Raise DatabaseLost if the database has another owner by now. Inside a transaction."""
        if self.place:
            ownership.refuse_other_owner(db, self.place)

    def open_posters(self) -> list[PosterHandle]:
        """Return the posters that take more deliveries."""
        return [poster for poster in self.posters if poster.is_ready and not poster.is_retiring]

    def count_slots(self) -> int:
        """Return how many posts the posters can send at once if none is in flight."""
        return sum(poster.slots for poster in self.open_posters())

    def find_freest_poster(self) -> PosterHandle | None:
        """Return the poster with the most free slots; None without posters."""
        return max(self.posters, key=FREE_SLOTS, default=None)

    def iterate_freest_posters(self) -> Iterator[PosterHandle]:
        """Yield, for each further delivery, the poster with the most free slots."""
        heap = [(-poster.free_slots, number, poster) for number, poster in enumerate(self.posters)]
        heapify(heap)
        while True:
            taken, number, poster = heap[0]
            heapreplace(heap, (taken + 1, number, poster))
            yield poster

    def free_slots(self) -> int:
        """Return how many more posts the posters can send at once."""
        return sum(poster.free_slots for poster in self.posters)

    def count_sending(self) -> int:
        """Return how many deliveries are with a poster."""
        return sum(len(poster.deliveries) for poster in self.posters)

    def record_state(self, job_id: int, state: str) -> None:
        """Keep the state of a job for `summary`."""
        if self.pending:
            self.pending.pop(job_id, None)
        if state in PENDING_STATES:
            self.pending[job_id] = state
        else:
            self.ended[state] += 1

    def summary(self) -> dict[str, int]:
        """Return the number of jobs by state: all that ended, and those that this pool left to be tried again."""
        return dict(self.ended + Counter(self.pending.values()))

    def unsent(self) -> list[Delivery]:
        """Return the deliveries that have not been sent, and whose intent is not about to be written."""
        return [delivery for delivery in self.deliveries.values() if delivery.sent_at is None and delivery.attempt == 0]

    def add(self, delivery: Delivery) -> None:
        """Add a claimed job."""
        self.deliveries[delivery.key] = delivery
        self.count_in_channel(delivery.channel, 1)

    def drop_lost(self, delivery: Delivery) -> None:
        """Remove a delivery whose job a newer claim holds."""
        log.event("lease_lost", "warning", job=delivery.job.id, schedule=delivery.job.schedule)
        self.remove(delivery)

    def remove(self, delivery: Delivery, steady: int | None = None) -> None:
        """Remove a delivery that has ended or is given back, and let its channel's next post go. `steady`: now."""
        if delivery.is_done:
            return
        delivery.is_done = True
        self.deliveries.pop(delivery.key, None)
        for poster in self.posters:
            poster.deliveries.pop(delivery.key, None)
        self.count_in_channel(delivery.channel, -1)
        now = steady_ms() if steady is None else steady
        self.release_channel(delivery, now + PACE_MS if delivery.attempt else now)

    def release_channel(self, delivery: Delivery, free_at: int) -> None:
        """Let the next post go to the channel that a delivery holds, from `free_at` on (steady milliseconds)."""
        if delivery.holds_channel:
            delivery.holds_channel = False
            self.send_queue.release(delivery.channel, free_at)

    def move(self, delivery: Delivery, channel: str) -> None:
        """Let a delivery go to another channel of its workspace."""
        self.count_in_channel(delivery.channel, -1)
        delivery.job = delivery.job._replace(channel=channel)
        delivery.channel = delivery.channel._replace(channel=channel)
        self.count_in_channel(delivery.channel, 1)

    def count_in_channel(self, channel: ChannelKey, change: int) -> None:
        """Change the number of deliveries of a channel."""
        count = self.per_channel.get(channel, 0) + change
        if count > 0:
            self.per_channel[channel] = count
        else:
            self.per_channel.pop(channel, None)

    def expire(self, job: ClaimedJob) -> None:
        """End a job whose grace is over: it is not posted any more."""
        log.event("grace_ended", "warning", job=job.id, schedule=job.schedule)
        self.record_state(job.id, "missed" if job.attempts == 0 else "failed")
        self.writes.add(lambda db: claims.expire(db, job.id, job.token), is_ending=True)

    def put_back(self, job: ClaimedJob, available_at: int) -> None:
        """Give a job back to the queue."""
        self.writes.add(lambda db: claims.release(db, job.id, job.token, available_at), is_ending=True)

    def put_failing_back(self, job: ClaimedJob, step: str, error: Exception) -> None:
        """Give back a job whose delivery met an unexpected error before it was sent."""
        log.failure(step, error, job=job.id, schedule=job.schedule)
        self.put_back(job, self.session.now() + claims.FAILURE_PAUSE_MS)
        for delivery in [delivery for delivery in self.deliveries.values() if delivery.job is job]:
            self.remove(delivery)

    def give_up(self, delivery: Delivery, failure: WriteFailure) -> None:
        """End a delivery of which a write, or its callback, met an unexpected error.

        Where nothing is recorded, nothing was sent, and the job goes back. Else its lease is left to pass: who takes
        it over finds in the database what was sent.
        """
        job, is_recorded = delivery.job, failure.is_committed or delivery.attempt > 0
        if not is_recorded:
            self.put_failing_back(job, "write", failure.error)
            return
        log.failure("record", failure.error, job=job.id, schedule=job.schedule)
        if delivery.sent_steady:  # its message may still arrive
            self.release_channel(delivery, delivery.sent_steady + self.arrival_limit_ms)
        self.remove(delivery)

    def renew_leases(self) -> None:
        """Extend the leases of all jobs in flight."""
        by_token: dict[int, list[int]] = {}
        for delivery in self.deliveries.values():
            by_token.setdefault(delivery.job.token, []).append(delivery.job.id)
        lease_until = self.session.now() + self.session.settings.lease_ms
        for token, ids in by_token.items():
            self.writes.add(partial(claims.renew, token=token, ids=ids, lease_until=lease_until))

    def cancel_unwritten_sends(self) -> None:
        """Treat deliveries as unsent where the intent was about to be written: nothing is on the disk or has left."""
        for delivery in self.deliveries.values():
            if delivery.attempt == 0:
                delivery.sent_at = None

    def put_all_back(self) -> None:
        """Give back all that has not been sent: the pool is to end."""
        for delivery in self.unsent():
            self.put_back(delivery.job, delivery.job.available_at)
            self.remove(delivery)

    def put_back_until(self, at: int) -> None:
        """Give back all that has not been sent until the next probe of an outage (steady milliseconds)."""
        available_at = self.session.now() + max(0, at - steady_ms())
        for delivery in self.unsent():
            self.put_back(delivery.job, available_at)
            self.remove(delivery)

    def hold_workspace(self, workspace_id: str, until: int) -> None:
        """Give back a workspace's unsent deliveries until a limit has passed, so that they take no room.

        `until` is steady milliseconds: the clock may have been set since Slack named the limit.
        """
        self.send_queue.hold(workspace_id, until)
        available_at = self.session.now() + until - steady_ms()
        for delivery in self.unsent():
            if delivery.job.workspace_id == workspace_id:
                self.put_back(delivery.job, available_at + int(random.random() * SPREAD_MS))
                self.remove(delivery)

    def on_child_died(self, poster: PosterHandle) -> None:
        """Queue again the deliveries of a dead poster that had not left; those that had are of unknown outcome."""
        now = self.session.now()
        for delivery in list(poster.deliveries.values()):
            job = delivery.job
            self.writes.add(
                partial(rescue.rescue_job, job_id=job.id, token=job.token, now=now, window_ms=self.arrival_limit_ms),
                partial(self.on_delivery_lost, delivery),
                partial(self.give_up, delivery),
                is_ending=True,
            )

    def on_delivery_lost(self, delivery: Delivery, state: str | None) -> None:
        """Remove a delivery of a dead poster; its job is in `state` now (None: another claim holds it)."""
        log.event("worker_lost", "warning", job=delivery.job.id, schedule=delivery.job.schedule, state=state)
        if state:
            self.record_state(delivery.job.id, state)
        self.remove(delivery)
