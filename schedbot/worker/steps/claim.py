"""Jobs come in: claimed a little before they are due, and their reports rendered.

What has to wait long for its channel is put back, so that it takes up no room; what only waits a little holds no slot.
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass, field

from schedbot import log
from schedbot.clock import steady_ms
from schedbot.errors import TokenUnavailable
from schedbot.model import Message
from schedbot.slack import tokens
from schedbot.store.jobs import claims, side_effects
from schedbot.store.jobs.claims import ClaimedJob
from schedbot.store.jobs.fairness import RoundRobin
from schedbot.worker.state.in_flight import Hand
from schedbot.worker.state.send_queue import Delivery, Place
from schedbot.worker.steps.render import Printing
from schedbot.worker.steps.send import PATIENCE_MS, Sending

# Jobs are claimed and rendered a little before they are due, so that each leaves at its instant.
EARLY_MS = 1_000
# What a post takes of its channel's time, answer included; an estimate, for jobs that are put back.
SLOT_MS = 1_300
# What can be rendered by no press now is put back for so long, and spread over as long again.
NO_PRESS_MS = 5_000
# Jobs in hand that only wait for their channel, for each that may be in flight.
WAITING_ROOM = 4


@dataclass(slots=True)
class Intake:
    """Claims, and what is done with what was claimed."""

    hand: Hand
    sending: Sending
    turns: RoundRobin = field(default_factory=RoundRobin)
    later: dict[Place, int] = field(default_factory=dict)
    claiming: bool = False
    printing: Printing = field(init=False)

    def __post_init__(self) -> None:
        processes = self.hand.session.settings.processes
        self.printing = Printing(processes, self.rendered, self.sending.not_rendered)

    def room(self) -> int:
        """How many more jobs to take in hand: what only waits for its channel, or is in a press, holds no slot."""
        waiting = len(self.hand.jobs) - self.hand.in_flight() - sum(self.printing.held().values())
        most = self.hand.session.settings.in_flight * self.hand.session.settings.processes
        return max(0, min(self.hand.slots(), most * WAITING_ROOM - waiting))

    def claim(self) -> bool:
        """Take jobs that are about to be due, if there are any and there is room. Says whether it did."""
        room, now = self.room(), self.hand.session.now()
        if self.claiming or room == 0 or not self.hand.circuit.allows(steady_ms(), self.hand.in_flight()):
            return False
        if not claims.has_available_jobs(self.hand.session.db, now + EARLY_MS):
            return False
        if self.hand.circuit.open and self.hand.unsent():
            return False
        most = 1 if self.hand.circuit.open else room
        if self.hand.circuit.open:
            self.turns.pass_over(self.hand.circuit.silent)  # another may be answered
        wanted = claims.ClaimRequest(now + EARLY_MS, most, now + self.hand.session.settings.lease_ms, self.turns)
        self.claiming = True
        self.hand.ledger.add(lambda db: claims.claim(db, wanted), self.claimed)
        return True

    def claimed(self, jobs: list[ClaimedJob]) -> None:
        self.claiming = False
        self.take(jobs)

    def take(self, jobs: Iterable[ClaimedJob]) -> None:
        """What was claimed is rendered, put back where its channel is busy for long, or over where its grace is.

        Where its calendar is closed by now, it waits for the opening without being rendered.
        """
        for job in jobs:
            now, present = self.hand.session.now(), steady_ms()
            place = (job.workspace_id, job.channel)
            opens = present + max(0, job.available_at - now, job.free_at - now)
            at = self.hand.departures.earliest(place, opens) + self.hand.at_place.get(place, 0) * SLOT_MS
            if job.deadline_at < now:
                self.hand.expire(job)
            elif at > present + PATIENCE_MS:
                self.hand.put_back(job, now + self.later_slot(job, at, now) - present)
            elif job.report.kind != "text" and job.workspace_id in self.printing.stuck(present):
                self.hand.put_back(job, now + no_press_ms())
            elif not self.sending.shut_out(job, max(now, job.available_at)):
                self.render(job, now)

    def later_slot(self, job: ClaimedJob, at: int, now: int) -> int:
        """The second that a job is put back to: after all that were before it."""
        if now - job.available_at < PATIENCE_MS:
            return at
        place = (job.workspace_id, job.channel)
        slot = max(at, self.later.get(place, 0))
        self.later[place] = slot + SLOT_MS
        return slot

    def forget(self, now: int) -> None:
        """Drop the seconds that have passed."""
        self.later = {place: slot for place, slot in self.later.items() if slot >= now}

    def render(self, job: ClaimedJob, now: int) -> None:
        """Take the job in hand and have its report rendered."""
        try:
            source = tokens.resolve_source(job.source, self.hand.session.settings.token, job.workspace)
        except TokenUnavailable as error:
            self.no_token(job, str(error))
            return
        delivery = Delivery(job, source, now)
        self.hand.add(delivery)
        self.printing.render(delivery)

    def make_room(self) -> None:
        """What waits behind reports that hang goes back, so that it does not keep others' jobs from being claimed."""
        now = self.hand.session.now()
        for workspace_id in self.printing.stuck(steady_ms()):
            for delivery in self.printing.lines.leave(workspace_id):
                self.hand.put_back(delivery.job, now + no_press_ms())
                self.hand.drop(delivery)

    def rendered(self, delivery: Delivery, message: Message) -> None:
        """The message is there: it leaves when it is due and its channel free."""
        delivery.message = message
        wait_ms = max(
            0, delivery.job.available_at - self.hand.session.now(), delivery.job.free_at - self.hand.session.now()
        )
        self.hand.departures.add(delivery, steady_ms() + wait_ms)

    def no_token(self, job: ClaimedJob, why: str) -> None:
        """Without a token nothing of its workspace can be sent: it is paused, and its jobs wait."""
        log.event("workspace_paused", "error", workspace=job.workspace, why=why)
        now = self.hand.session.now()
        self.hand.put_back(job, job.available_at)
        self.hand.ledger.add(
            lambda db: side_effects.pause_workspace(db, job.workspace_id, f"token_unavailable: {why}", now, job.resumes)
        )


def no_press_ms() -> int:
    """Spread, so that what was put back does not fill the pool's hand again all at once."""
    return NO_PRESS_MS + int(random.random() * NO_PRESS_MS)
