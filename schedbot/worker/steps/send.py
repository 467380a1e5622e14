"""The way out: a job's intent is written, its post leaves, its outcome is written.

Each step is one entry in the ledger, and the next begins when that is committed. Whatever is written names the claim's
token, so that a pool that was stopped past its lease writes nothing and sends nothing.
"""

import random
from dataclasses import dataclass
from functools import partial
from typing import Any

from schedbot import log
from schedbot.clock import steady_ms
from schedbot.model import AttemptResult, JobState, Outcome
from schedbot.slack import error_codes
from schedbot.store.jobs import attempts, claims, outage, pacing, side_effects
from schedbot.store.jobs.claims import ClaimedJob
from schedbot.worker.children import poster
from schedbot.worker.state.circuit_breaker import is_outage
from schedbot.worker.state.in_flight import Hand
from schedbot.worker.state.poster_handle import Seat
from schedbot.worker.state.send_queue import PACE_MS, Delivery
from schedbot.worker.state.verdict import SPREAD_MS, WINDOW_MS, Standing, Verdict, verdict

# A job whose channel is busy waits in hand for so long at most; one that has to wait longer is put back.
PATIENCE_MS = 5_000


@dataclass(frozen=True, slots=True)
class Begun:
    """Was the intent written? If not: until when the claim holds (None: no more), and its channel is kept."""

    written: bool
    lease_until: int | None = None
    free_at: int = 0


@dataclass(slots=True)
class Sending:
    """What becomes of jobs whose message is there."""

    hand: Hand

    def depart(self) -> None:
        """Write the intent of all that may leave now; each leaves once that is on the disk."""
        present, now = steady_ms(), self.hand.session.now()
        free_at = now + WINDOW_MS + self.hand.session.settings.timeout_ms + PACE_MS
        most = min(self.hand.slots(), self.hand.circuit.allows(present, self.hand.in_flight()))
        for delivery in self.hand.departures.leaving(present, most):
            if delivery.job.deadline_at < now:
                self.too_late(delivery)
                continue
            if self.shut_out(delivery.job, max(now, delivery.job.available_at)):
                self.let_go(delivery)
                continue
            min(self.hand.serving(), key=lambda seat: len(seat.hand)).take(delivery)
            delivery.sent_at, delivery.sent_mono, delivery.kept_until = now, present, free_at
            begin = partial(self.begin, start=self.start(delivery, now), free_at=free_at)
            self.hand.ledger.add(begin, partial(self.begun, delivery))

    def too_late(self, delivery: Delivery) -> None:
        """Its grace ended while it waited for its channel."""
        self.hand.expire(delivery.job)
        self.let_go(delivery)

    def let_go(self, delivery: Delivery) -> None:
        """It does not leave, and the next one for its channel may."""
        self.hand.drop(delivery)
        self.hand.departures.freed(delivery.place, steady_ms())

    def shut_out(self, job: ClaimedJob, now: int) -> bool:
        """Is its calendar closed at `now`? Then it waits for the opening, or is left out."""
        if not job.calendar:
            return False
        from schedbot.store.jobs import deferral

        if not deferral.is_closed(job.calendar, job.tz, now):
            return False
        shut_out = partial(deferral.defer_or_skip, job_id=job.id, token=job.token, now=now)
        self.hand.ledger.add(shut_out, partial(self.was_shut_out, job), ends=True)
        return True

    def was_shut_out(self, job: ClaimedJob, found: Any) -> None:
        """That it waits, or is left out, is on the disk."""
        if found is None:
            return
        log.event("closed", job=job.id, schedule=job.schedule, why=found.reason, state=found.state.value)
        if found.state is not JobState.QUEUED:
            self.hand.count(found.state.value)

    def next_instant(self) -> int | None:
        """When the next post may leave; None while none may."""
        in_flight = self.hand.in_flight()
        if min(self.hand.slots(), self.hand.circuit.allows(steady_ms(), in_flight)) > 0:
            return self.hand.departures.next_instant()
        probes = self.hand.circuit.open and not in_flight and self.hand.slots() > 0
        return self.hand.circuit.probe_at if probes else None

    def begin(self, db: Any, start: attempts.AttemptStart, free_at: int) -> Begun:
        """Write the intent, or find out why it cannot be."""
        now = self.hand.session.now()
        if attempts.begin(db, start, now, free_at):
            return Begun(True)
        lease_until = claims.get_lease_end(db, start.job_id, start.token)
        if lease_until is None:
            return Begun(False)
        whose = db.value("SELECT workspace_id FROM jobs WHERE id = :id", {"id": start.job_id})
        return Begun(False, lease_until, pacing.get_free_at(db, whose, pacing.POST, start.channel, now))

    def start(self, delivery: Delivery, sent_at: int | None) -> attempts.AttemptStart:
        job = delivery.job
        worker = f"{self.hand.worker}/{delivery.seat.number}" if delivery.seat else self.hand.worker
        return attempts.AttemptStart(
            job.id, job.token, job.version, job.channel, worker, delivery.started_at, sent_at, self.hand.clock_ms
        )

    def begun(self, delivery: Delivery, begun: Begun) -> None:
        """The intent is on the disk: the child may send. Or it was not written, for the reason that was found."""
        if not begun.written:
            self.not_begun(delivery, begun)
            return
        job, message = delivery.job, delivery.message
        assert message is not None
        delivery.number, delivery.said_at = job.attempts + 1, steady_ms()
        stamp = {"installation": self.hand.installation, "occurrence": job.occurrence, "attempt": delivery.number}
        delivery.seat.wire.say(
            {
                "do": "send",
                "job": delivery.key,
                "anew": error_codes.is_token_refused(job.error),
                "source": {"kind": delivery.source.kind, "place": delivery.source.place},
                "channel": job.channel,
                "text": message.text,
                "blocks": list(message.blocks),
                "stamp": stamp,
                "before": delivery.sent_mono + WINDOW_MS,
            }
        )

    def not_begun(self, delivery: Delivery, begun: Begun) -> None:
        """The token is lost: drop it. The lease has passed, or another pool posts to the channel: try again."""
        job, now = delivery.job, self.hand.session.now()
        delivery.sent_at = None
        delivery.seat.hand.pop(delivery.key, None)
        if begun.lease_until is None:
            log.event("lease_lost", "warning", job=job.id, schedule=job.schedule)
            self.hand.drop(delivery)
        elif job.deadline_at < now:
            self.too_late(delivery)
        elif begun.free_at - now > PATIENCE_MS:
            self.hand.put_back(job, begun.free_at)
            self.hand.drop(delivery)
        else:
            at = steady_ms() + max(0, begun.free_at - now)
            lease_until = now + self.hand.session.settings.lease_ms
            self.hand.ledger.add(lambda db: claims.renew(db, job.token, [job.id], lease_until))
            self.hand.departures.freed(delivery.place, at)
            self.hand.departures.add(delivery, at)

    def not_rendered(self, delivery: Delivery, why: str) -> None:
        """The report is at fault: an attempt that never left."""
        job, now = delivery.job, self.hand.session.now()
        log.event("render_failed", "error", job=job.id, schedule=job.schedule, why=why)
        start = self.start(delivery, None)
        delivery.number = job.attempts + 1
        self.hand.ledger.add(lambda db: attempts.begin(db, start, now, 0), ends=True)
        self.end(delivery, AttemptResult(Outcome.RENDER_FAILED, "render_failed"), why)

    def heard(self, seat: Seat, saying: dict[str, Any]) -> None:
        """A child says what became of a post."""
        if (delivery := seat.hand.get(saying["job"])) is not None:
            self.sent(delivery, poster.reply_of(saying["reply"]), saying["detail"], renewed=saying["renewed"])

    def sent(self, delivery: Delivery, reply: AttemptResult, detail: str | None, *, renewed: bool) -> None:
        """Slack has answered, or has not. `renewed`: its token was refused, and another has taken its place."""
        delivery.answered = True
        circuit, before = self.hand.circuit, self.hand.circuit.failures
        turned = circuit.heard(reply, delivery.job.workspace_id, steady_ms())
        if renewed:
            log.event("token_renewed", workspace=delivery.job.workspace)
        self.end(delivery, reply, detail, renewed=renewed)
        if circuit.failures != before:
            now = self.hand.session.now()
            keep = partial(outage.save_failures, failures=circuit.failures, silent=circuit.silent, now=now)
            self.hand.ledger.add(keep)
        if turned:
            log.event("circuit_open" if circuit.open else "circuit_closed", "warning", error=reply.error)
        if circuit.open and circuit.counted:
            self.hand.ledger.add(partial(outage.return_attempts, jobs=circuit.given_back()))

    def end(
        self, delivery: Delivery, reply: AttemptResult, detail: str | None = None, *, renewed: bool = False
    ) -> None:
        """Write how the attempt ended and what becomes of the job, then let its channel go."""
        job, now = delivery.job, self.hand.session.now()
        look_up_at = min(delivery.sent_at or now, now) + self.hand.window_ms
        standing = Standing(job.due_at, job.deadline_at, job.spent, job.max_attempts, look_up_at)
        free = self.hand.circuit.spares(reply, job.error, last=job.spent + 1 >= job.max_attempts)
        if is_outage(reply) and not free:
            self.hand.circuit.counted.append(job.id)
        ruled = verdict(reply, standing, now, random.random, free=free, renewed=renewed)
        posted = reply.outcome is Outcome.POSTED
        ended = attempts.AttemptEnd(
            job_id=job.id,
            token=job.token,
            number=delivery.number,
            ended_at=now,
            reply=reply,
            state=ruled.state,
            available_at=ruled.available_at,
            spent=ruled.spent,
            lateness_ms=max(0, delivery.sent_at - job.scheduled_at) if posted and delivery.sent_at else None,
            detail=detail,
        )
        write = partial(self.write_end, ended=ended, delivery=delivery, ruled=ruled)
        self.hand.ledger.add(write, partial(self.ended, delivery, reply, ruled), ends=True)

    def write_end(self, db: Any, ended: attempts.AttemptEnd, delivery: Delivery, ruled: Verdict) -> str | None:
        """The attempt's end, and what follows for its channel, workspace and schedule. Returns the job's state."""
        job, now = delivery.job, ended.ended_at
        state = attempts.end(db, ended)
        if state is None:
            return None
        if ended.reply.outcome is not Outcome.RENDER_FAILED:
            free_at = now + PACE_MS if ended.was_sent else now
            pacing.release(db, job.workspace_id, job.channel, delivery.kept_until, now, free_at)
        if ruled.hold_until is not None:
            pacing.hold(db, job.workspace_id, pacing.POST, "", now, ruled.hold_until)
            pacing.postpone_jobs(db, job.workspace_id, ruled.hold_until, SPREAD_MS)
        if ruled.pauses_workspace:
            reason = ended.reply.error or "token refused"
            side_effects.pause_workspace(db, job.workspace_id, reason, now, job.resumes)
        if ruled.suspends_schedule:
            side_effects.suspend_schedule(db, job.schedule_id, job.channel, ended.reply.error or "channel refused", now)
        return state

    def ended(self, delivery: Delivery, reply: AttemptResult, ruled: Verdict, state: str | None) -> None:
        """All is on the disk, and the job in `state`; None: another claim holds it, and nothing was written."""
        if state is None:
            log.event("lease_lost", "warning", job=delivery.job.id, schedule=delivery.job.schedule)
        else:
            self.hand.count(state)
        self.tell(delivery.job, reply, state)
        self.hand.drop(delivery)
        if ruled.hold_until is not None:
            self.hand.hold(delivery.job.workspace_id, ruled.hold_until)
        if self.hand.circuit.open:
            self.hand.give_back_until(self.hand.circuit.probe_at)

    def tell(self, job: ClaimedJob, reply: AttemptResult, state: str | None) -> None:
        """One line in the log for each attempt that was no plain success."""
        if reply.outcome is Outcome.POSTED:
            return
        level = "info" if reply.outcome in (Outcome.RATE_LIMITED, Outcome.LOST_UNSENT) else "warning"
        facts = {"job": job.id, "schedule": job.schedule, "workspace": job.workspace, "channel": job.channel}
        log.event(reply.outcome.value, level, **facts, error=reply.error, state=state)
