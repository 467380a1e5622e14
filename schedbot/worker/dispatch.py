"""The way of a job through the pool: claimed, rendered by a child, its intent written, posted, its outcome written.

Each step is one entry in the ledger, and the next begins when that is committed. Whatever is written names the claim's
token, so that a pool that was stopped past its lease writes nothing and sends nothing.
"""

import random
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from schedbot import log
from schedbot.errors import TokenUnavailable
from schedbot.model import Message, Outcome, Reply
from schedbot.session import Session
from schedbot.slack import sources
from schedbot.store import attempts, claims, consequences, pacing, unsettled
from schedbot.store.claims import Claimed
from schedbot.worker.circuit import Circuit, is_outage
from schedbot.worker.departures import PACE_MS, Delivery, Departures
from schedbot.worker.ledger import Ledger
from schedbot.worker.printing import Printing
from schedbot.worker.seats import Seat
from schedbot.worker.verdict import MARGIN_MS, SPREAD_MS, WINDOW_MS, Standing, Verdict, verdict

# Jobs are claimed and rendered a little before they are due, so that each leaves at its instant.
EARLY_MS = 1_000
# A job that has to wait longer for its channel is put back, so that it takes up no room.
PATIENCE_MS = 5_000
# What a post takes of its channel's time, answer included; an estimate, for jobs that are put back.
SLOT_MS = 1_300
# Jobs in hand that only wait for their channel, for each that may be in flight.
WAITING_ROOM = 4


def mono() -> int:
    """Monotonic milliseconds: for what is measured, never stored."""
    return time.monotonic_ns() // 1_000_000


@dataclass(slots=True)
class Dispatch:
    """The jobs that this pool has in hand."""

    session: Session
    ledger: Ledger
    seats: list[Seat]
    worker: str
    installation: str
    departures: Departures = field(default_factory=Departures)
    tally: dict[str, int] = field(default_factory=dict)
    at_place: dict[tuple[str, str], int] = field(default_factory=dict)
    later: dict[tuple[str, str], int] = field(default_factory=dict)
    hand: dict[int, Delivery] = field(default_factory=dict)
    turns: claims.Turns = field(default_factory=claims.Turns)
    circuit: Circuit = field(default_factory=Circuit)
    clock_ms: int | None = None
    printing: Printing = field(init=False)

    def __post_init__(self) -> None:
        self.printing = Printing(self.session.settings.processes, self.rendered, self.not_rendered)

    # -- claim

    def slots(self) -> int:
        """How many more posts the children can have in flight."""
        ready = [seat for seat in self.seats if seat.ready and not seat.retiring]
        return sum(max(0, self.session.settings.in_flight - len(seat.hand)) for seat in ready)

    def room(self) -> int:
        """How many more jobs to take in hand: what only waits for its channel holds no slot."""
        in_flight = sum(len(seat.hand) for seat in self.seats)
        waiting = len(self.hand) - in_flight
        most = self.session.settings.in_flight * self.session.settings.processes
        return max(0, min(self.slots(), most * WAITING_ROOM - waiting))

    def claim(self) -> bool:
        """Take jobs that are about to be due, if there are any and there is room. Says whether it did."""
        room, now = self.room(), self.session.now()
        if room == 0 or not self.circuit.allows(mono(), self.in_flight()):
            return False
        if not claims.waiting(self.session.db, now + EARLY_MS):
            return False
        most = 1 if self.circuit.open else room
        wanted = claims.Wanted(now + EARLY_MS, most, now + self.session.settings.lease_ms, self.turns)
        self.ledger.add(lambda db: claims.claim(db, wanted), self.take)
        return True

    def take(self, jobs: Iterable[Claimed]) -> None:
        """What was claimed is rendered, put back where its channel is busy for long, or over where its grace is."""
        for job in jobs:
            now, present = self.session.now(), mono()
            place = (job.workspace_id, job.channel)
            opens = present + max(0, job.available_at - now, job.free_at - now)
            at = self.departures.earliest(place, opens) + self.at_place.get(place, 0) * SLOT_MS
            if job.deadline_at < now:
                self.expire(job)
            elif at > present + PATIENCE_MS:
                self.put_back(job, now + self.later_slot(job, at, now) - present)
            else:
                self.render(job, now)

    def later_slot(self, job: Claimed, at: int, now: int) -> int:
        """The second that a job is put back to: after all that were before it."""
        if now - job.available_at < PATIENCE_MS:
            return at
        place = (job.workspace_id, job.channel)
        slot = max(at, self.later.get(place, 0))
        self.later[place] = slot + SLOT_MS
        return slot

    def expire(self, job: Claimed) -> None:
        log.event("grace_over", "warning", job=job.id, schedule=job.schedule)
        self.count("missed" if job.attempts == 0 else "failed")
        self.ledger.add(lambda db: claims.expire(db, job.id, job.token))

    def put_back(self, job: Claimed, available_at: int) -> None:
        self.ledger.add(lambda db: claims.give_back(db, [(job.id, job.token, available_at)]))

    # -- render

    def render(self, job: Claimed, now: int) -> None:
        """Take the job in hand and have its report rendered."""
        try:
            source = sources.source(job.source, self.session.settings.token, job.workspace)
        except TokenUnavailable as error:
            self.no_token(job, str(error))
            return
        delivery = Delivery(job, source, now)
        self.hand[job.id] = delivery
        self.at_place[delivery.place] = self.at_place.get(delivery.place, 0) + 1
        self.printing.render(delivery)

    def rendered(self, delivery: Delivery, message: Message) -> None:
        """The message is there: it leaves when it is due and its channel free."""
        delivery.message = message
        wait_ms = max(0, delivery.job.available_at - self.session.now(), delivery.job.free_at - self.session.now())
        self.departures.add(delivery, mono() + wait_ms)

    def not_rendered(self, delivery: Delivery, why: str) -> None:
        """The report is at fault: an attempt that never left."""
        job, now = delivery.job, self.session.now()
        log.event("render_failed", "error", job=job.id, schedule=job.schedule, why=why)
        start = self.start(delivery, None)
        delivery.number = job.attempts + 1
        self.ledger.add(lambda db: attempts.begin(db, start, now, 0))
        self.end(delivery, Reply(Outcome.RENDER_FAILED, "render_failed"), why)

    def no_token(self, job: Claimed, why: str) -> None:
        """Without a token nothing of its workspace can be sent: it is paused, and its jobs wait."""
        log.event("workspace_paused", "error", workspace=job.workspace, why=why)
        now = self.session.now()
        self.put_back(job, job.available_at)
        self.ledger.add(lambda db: consequences.pause_workspace(db, job.workspace_id, f"token_unavailable: {why}", now))

    # -- send

    def depart(self) -> None:
        """Write the intent of all that may leave now; each leaves once that is on the disk."""
        present, now = mono(), self.session.now()
        free_at = now + WINDOW_MS + self.session.settings.timeout_ms + PACE_MS
        most = min(self.slots(), self.circuit.allows(present, self.in_flight()))
        for delivery in self.departures.leaving(present, most):
            seats = [seat for seat in self.seats if seat.ready and not seat.retiring]
            min(seats, key=lambda seat: len(seat.hand)).take(delivery)
            delivery.sent_at, delivery.sent_mono = now, present
            begin = partial(self.begin, start=self.start(delivery, now), free_at=free_at)
            self.ledger.add(begin, partial(self.begun, delivery))

    def begin(self, db: Any, start: attempts.Start, free_at: int) -> bool:
        return attempts.begin(db, start, self.session.now(), free_at)

    def start(self, delivery: Delivery, sent_at: int | None) -> attempts.Start:
        job = delivery.job
        worker = f"{self.worker}/{delivery.seat.number}" if delivery.seat else self.worker
        return attempts.Start(
            job.id, job.token, job.version, job.channel, worker, delivery.started_at, sent_at, self.clock_ms
        )

    def begun(self, delivery: Delivery, written: bool) -> None:
        """The intent is on the disk: the child may send. Or it was not written, for a reason that is found out."""
        if not written:
            self.not_begun(delivery)
            return
        job, message = delivery.job, delivery.message
        assert message is not None
        delivery.number = job.attempts + 1
        stamp = {"installation": self.installation, "occurrence": job.occurrence, "attempt": delivery.number}
        delivery.seat.wire.say(
            {
                "do": "send",
                "job": job.id,
                "source": {"kind": delivery.source.kind, "place": delivery.source.place},
                "channel": job.channel,
                "text": message.text,
                "blocks": list(message.blocks),
                "stamp": stamp,
                "before": delivery.sent_mono + WINDOW_MS,
            }
        )

    def not_begun(self, delivery: Delivery) -> None:
        """The token is lost: drop it. The lease has passed, or another pool posts to the channel: try again."""
        job, now = delivery.job, self.session.now()
        delivery.sent_at = None
        delivery.seat.hand.pop(job.id, None)
        standing = claims.held(self.session.db, job.id, job.token)
        if standing is None:
            log.event("lease_lost", "warning", job=job.id, schedule=job.schedule)
            self.drop(delivery)
            return
        free_at = pacing.free_at(self.session.db, job.workspace_id, pacing.POST, job.channel)
        wait_ms = min(max(0, free_at - now), PATIENCE_MS)
        if free_at - now > PATIENCE_MS:
            self.put_back(job, free_at)
            self.drop(delivery)
            return
        lease_until = now + self.session.settings.lease_ms
        self.ledger.add(lambda db: claims.renew(db, job.token, [job.id], lease_until))
        self.departures.freed(delivery.place, mono() + wait_ms)
        self.departures.add(delivery, mono() + wait_ms)

    # -- outcome

    def sent(self, delivery: Delivery, reply: Reply, detail: str | None) -> None:
        """Slack has answered, or has not."""
        if self.circuit.heard(reply, mono()):
            log.event("circuit_open" if self.circuit.open else "circuit_closed", "warning", error=reply.error)
        self.end(delivery, reply, detail)

    def end(self, delivery: Delivery, reply: Reply, detail: str | None = None) -> None:
        """Write how the attempt ended and what becomes of the job, then let its channel go."""
        job, now = delivery.job, self.session.now()
        window_ms = WINDOW_MS + self.session.settings.timeout_ms + MARGIN_MS
        look_up_at = (delivery.sent_at or now) + window_ms
        standing = Standing(job.due_at, job.deadline_at, job.spent, job.max_attempts, look_up_at)
        # While Slack is down for all, a job's attempts are not used up: its deadline is what ends it.
        free = self.circuit.open and is_outage(reply)
        ruled = verdict(reply, standing, now, random.random, free=free)
        posted = reply.outcome is Outcome.POSTED
        ended = attempts.End(
            job_id=job.id,
            token=job.token,
            number=delivery.number,
            ended_at=now,
            reply=reply,
            state=ruled.state,
            available_at=ruled.available_at,
            spent=ruled.spent,
            parked=ruled.parked,
            lateness_ms=max(0, delivery.sent_at - job.due_at) if posted and delivery.sent_at else None,
            detail=detail,
        )
        self.ledger.add(
            partial(self.write_end, ended=ended, job=job, ruled=ruled), partial(self.ended, delivery, ruled)
        )
        self.tell(job, reply, ruled)

    def write_end(self, db: Any, ended: attempts.End, job: Claimed, ruled: Verdict) -> bool:
        """The attempt's end, and what follows from it for its channel, workspace and schedule."""
        now = ended.ended_at
        if not attempts.end(db, ended):
            return False
        pacing.hold(db, job.workspace_id, pacing.POST, job.channel, now + PACE_MS)
        if ruled.hold_until is not None:
            pacing.hold(db, job.workspace_id, pacing.POST, "", ruled.hold_until)
            pacing.push_back(db, job.workspace_id, ruled.hold_until, SPREAD_MS)
        if ruled.pauses_workspace:
            consequences.pause_workspace(db, job.workspace_id, ended.reply.error or "token refused", now)
        if ruled.suspends_schedule:
            consequences.suspend_schedule(db, job.schedule_id, ended.reply.error or "channel refused", now)
        return True

    def ended(self, delivery: Delivery, ruled: Verdict, written: bool) -> None:
        """All is on the disk."""
        if not written:
            log.event("lease_lost", "warning", job=delivery.job.id, schedule=delivery.job.schedule)
        self.drop(delivery)
        if ruled.hold_until is not None:
            self.hold(delivery.job.workspace_id, ruled.hold_until)
        if self.circuit.open:
            self.give_back_until(self.circuit.probe_at)

    def give_back_until(self, at: int) -> None:
        """The circuit is open: what has not left goes back until the next probe."""
        available_at = self.session.now() + max(0, at - mono())
        for delivery in self.unsent():
            self.put_back(delivery.job, available_at)
            self.drop(delivery)

    def hold(self, workspace_id: str, until: int) -> None:
        """A limit holds the workspace: what is in hand and has not left goes back, and takes up no room."""
        self.departures.hold(workspace_id, mono() + until - self.session.now())
        for delivery in self.unsent():
            if delivery.job.workspace_id == workspace_id:
                self.put_back(delivery.job, until + int(random.random() * SPREAD_MS))
                self.drop(delivery)

    def tell(self, job: Claimed, reply: Reply, ruled: Verdict) -> None:
        """One line in the log for each attempt that was no plain success."""
        self.count(ruled.state.value)
        if reply.outcome is Outcome.POSTED:
            return
        level = "info" if reply.outcome in (Outcome.RATE_LIMITED, Outcome.LOST_UNSENT) else "warning"
        facts = {"job": job.id, "schedule": job.schedule, "workspace": job.workspace, "channel": job.channel}
        log.event(reply.outcome.value, level, **facts, error=reply.error, state=ruled.state.value)

    def count(self, state: str) -> None:
        self.tally[state] = self.tally.get(state, 0) + 1

    # -- what is in hand

    def unsent(self) -> list[Delivery]:
        """What is in hand and has not left; what is about to be written as leaving is not among it."""
        return [one for one in self.hand.values() if one.sent_at is None and one.number == 0]

    def in_flight(self) -> int:
        return sum(len(seat.hand) for seat in self.seats)

    def drop(self, delivery: Delivery) -> None:
        """It is in hand no longer."""
        if delivery.over:
            return
        delivery.over = True
        self.hand.pop(delivery.job.id, None)
        if delivery.seat is not None:
            delivery.seat.hand.pop(delivery.job.id, None)
        left = self.at_place.get(delivery.place, 1) - 1
        self.at_place[delivery.place] = left
        if left <= 0:
            del self.at_place[delivery.place]
        if delivery.sent_mono:
            self.departures.freed(delivery.place, mono() + (PACE_MS if delivery.number else 0))

    def renew(self) -> None:
        """Hold on to all that is in hand."""
        by_token: dict[int, list[int]] = {}
        for delivery in self.hand.values():
            by_token.setdefault(delivery.job.token, []).append(delivery.job.id)
        lease_until = self.session.now() + self.session.settings.lease_ms
        for token, ids in by_token.items():
            self.ledger.add(partial(claims.renew, token=token, ids=ids, lease_until=lease_until))

    def give_all_back(self) -> None:
        """Put back what has not left: the pool is to end."""
        for delivery in self.unsent():
            self.put_back(delivery.job, delivery.job.available_at)
            self.drop(delivery)

    def lost(self, seat: Seat) -> None:
        """A child died: what had not left is queued again, what had is unknown."""
        window_ms = WINDOW_MS + self.session.settings.timeout_ms + MARGIN_MS
        now = self.session.now()
        for delivery in list(seat.hand.values()):
            job = delivery.job
            self.ledger.add(
                partial(unsettled.lose, job_id=job.id, token=job.token, now=now, window_ms=window_ms),
                partial(self.lost_one, delivery),
            )

    def lost_one(self, delivery: Delivery, state: str | None) -> None:
        log.event("worker_lost", "warning", job=delivery.job.id, schedule=delivery.job.schedule, state=state)
        if state:
            self.count(state)
        self.drop(delivery)
