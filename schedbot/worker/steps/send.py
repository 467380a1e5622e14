"""Send messages: the intent is written, the post leaves, its result is written.

Each step is one entry in the write queue, and the next begins after its commit. Every write names the claim's token, so
a pool that was stopped past its lease writes nothing and sends nothing.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from schedbot import log
from schedbot.clock import steady_ms
from schedbot.model import AttemptResult, JobState, Outcome
from schedbot.posts import THREAD_GONE
from schedbot.slack import channel_ids
from schedbot.slack.methods.appearance import explain_appearance
from schedbot.slack.methods.updates import explain_update
from schedbot.store.database import Database
from schedbot.store.jobs import attempts, claims, outage
from schedbot.store.jobs.attempts import IntentResult
from schedbot.store.jobs.claims import ClaimedJob
from schedbot.worker.protocol import PostResponse
from schedbot.worker.state.circuit_breaker import is_outage
from schedbot.worker.state.in_flight import InFlight
from schedbot.worker.state.next_state import START_LIMIT_MS, RetryBudget, next_state
from schedbot.worker.state.poster_handle import PosterHandle
from schedbot.worker.state.send_queue import PACE_MS, Delivery
from schedbot.worker.state.write_queue import WriteFailure
from schedbot.worker.steps.attempt_requests import build_request, build_start
from schedbot.worker.steps.missing_pictures import spare_report
from schedbot.worker.steps.open_conversation import ConversationOpener
from schedbot.worker.steps.write_end import EndedDelivery, log_result, write_end, write_ends

if TYPE_CHECKING:
    from schedbot.store.jobs.calendar_deferral import DeferralResult

# A job waits this long for a busy channel; a job that has to wait longer is put back.
CHANNEL_WAIT_MS = 5_000


@dataclass(slots=True)
class Sender:
    """Sends rendered messages and records their results."""

    in_flight: InFlight
    opener: ConversationOpener = field(init=False)

    def __post_init__(self) -> None:
        self.opener = ConversationOpener(self.in_flight, self.end_unopened)

    # -- before the post

    def send_due(self) -> None:
        """Write the intent of all messages that may leave now. Each leaves after the commit."""
        steady, now = steady_ms(), self.in_flight.session.now()
        limit = min(self.in_flight.free_slots(), self.count_allowed(steady))
        for delivery in self.in_flight.send_queue.take_due(steady, limit):
            try:
                self.start(delivery, now, steady)
            except Exception as error:
                self.in_flight.put_failing_back(delivery.job, "send", error)

    def start(self, delivery: Delivery, now: int, steady: int) -> None:
        """Begin a post, unless its grace is over or its calendar closed."""
        if delivery.job.deadline_at < now:
            self.expire(delivery)
        elif self.defer_if_closed(delivery.job, max(now, delivery.job.available_at)):
            self.drop(delivery)
        elif channel_ids.is_person(delivery.job.channel):
            self.opener.open(delivery, steady)
        else:
            self.write_intent(delivery, now, steady)

    def count_allowed(self, steady: int) -> int:
        return self.in_flight.breaker.count_allowed(steady, self.in_flight.count_sending())

    def next_at(self) -> int | None:
        """Return when the next message may leave (steady milliseconds); None while none may."""
        has_slots = self.in_flight.free_slots() > 0
        if has_slots and self.count_allowed(steady_ms()) > 0:
            return self.in_flight.send_queue.next_at()
        is_probe_next = has_slots and self.in_flight.breaker.is_open and not self.in_flight.count_sending()
        return self.in_flight.breaker.probe_at if is_probe_next else None

    def expire(self, delivery: Delivery) -> None:
        """End a delivery whose grace ended while it waited for its channel."""
        self.in_flight.expire(delivery.job)
        self.drop(delivery)

    def drop(self, delivery: Delivery) -> None:
        """Remove a delivery that is not sent, and let its channel's next post go."""
        self.in_flight.remove(delivery)
        self.in_flight.send_queue.release(delivery.channel, steady_ms())

    def defer_if_closed(self, job: ClaimedJob, now: int) -> bool:
        """Is the job's calendar closed at `now`? If so, the job waits for the opening, or is skipped."""
        if not job.calendar:
            return False
        from schedbot.store.jobs import calendar_deferral

        if not calendar_deferral.is_closed(job.calendar, job.tz, now):
            return False
        defer = partial(calendar_deferral.defer_or_skip, job_id=job.id, token=job.token, now=now)
        on_commit, on_failure = partial(self.on_deferred, job), partial(self.on_deferral_failed, job)
        self.in_flight.writes.add(defer, on_commit, on_failure, is_ending=True)
        return True

    def on_deferred(self, job: ClaimedJob, deferral: "DeferralResult | None") -> None:
        """Log that a job waits for its calendar, or was skipped."""
        if deferral is None:
            return
        state = deferral.state
        log.event("calendar_closed", job=job.id, schedule=job.schedule, why=deferral.reason, state=state.value)
        if state is not JobState.QUEUED:
            self.in_flight.record_state(job.id, state.value)

    def on_deferral_failed(self, job: ClaimedJob, failure: WriteFailure) -> None:
        """Put a job back whose deferral met an unexpected error."""
        self.in_flight.put_failing_back(job, "defer", failure.error)

    def write_intent(self, delivery: Delivery, now: int, steady: int) -> None:
        """Choose a poster and write that the message is about to leave."""
        poster = self.in_flight.find_freest_poster()
        assert poster is not None  # there are free slots
        poster.take(delivery)
        held_until = now + START_LIMIT_MS + self.in_flight.session.settings.timeout_ms + PACE_MS
        delivery.sent_at, delivery.sent_steady, delivery.channel_held_until = now, steady, held_until
        start = build_start(self.in_flight, delivery, f"{self.in_flight.pool_name}/{poster.number}", now)
        self.in_flight.writes.add_to_set(
            self.write_intents,
            attempts.Intent(start, held_until),
            partial(self.on_intent_written, delivery, poster),
            partial(self.in_flight.give_up, delivery),
        )

    def write_intents(self, db: Database, intents: Sequence[attempts.Intent]) -> list[IntentResult]:
        """Write that messages are about to leave."""
        return attempts.write_intents(db, intents, self.in_flight.session.now())

    def on_intent_written(self, delivery: Delivery, poster: PosterHandle, intent: IntentResult) -> None:
        """Let the poster send; or go on without, for the reason in `intent`."""
        if not intent.is_written:
            self.on_intent_refused(delivery, poster, intent)
            return
        delivery.attempt, delivery.requested_at = delivery.job.attempts + 1, steady_ms()
        poster.send(build_request(self.in_flight, delivery))

    def on_intent_refused(self, delivery: Delivery, poster: PosterHandle, intent: IntentResult) -> None:
        """Drop the delivery if the claim is lost; try again if the lease has passed or another pool posts there."""
        job, now = delivery.job, self.in_flight.session.now()
        delivery.sent_at = None
        poster.deliveries.pop(delivery.key, None)
        if intent.lease_until is None:
            self.in_flight.drop_lost(delivery)
        elif job.deadline_at < now:
            self.expire(delivery)
        elif intent.channel_free_at - now > CHANNEL_WAIT_MS:
            self.in_flight.put_back(job, intent.channel_free_at)
            self.in_flight.remove(delivery)
        else:
            retry_at = steady_ms() + max(0, intent.channel_free_at - now)
            lease_until = now + self.in_flight.session.settings.lease_ms
            self.in_flight.writes.add(lambda db: claims.renew(db, job.token, [job.id], lease_until))
            self.in_flight.send_queue.release(delivery.channel, retry_at)
            self.in_flight.send_queue.add(delivery, retry_at)

    def fail_render(self, delivery: Delivery, reason: str) -> None:
        """Record an attempt that was never sent, because its report could not be rendered."""
        self.end_unsent(delivery, AttemptResult(Outcome.RENDER_FAILED, "render_failed", detail=reason))

    def end_unsent(self, delivery: Delivery, result: AttemptResult, *, is_token_rotated: bool = False) -> None:
        """Record an attempt that was never sent, with its result."""
        self.begin_unsent(delivery)
        self.end(delivery, PostResponse(delivery.key, result, is_token_rotated))

    def begin_unsent(self, delivery: Delivery) -> None:
        """Record an attempt that was never sent."""
        now, start = self.in_flight.session.now(), build_start(self.in_flight, delivery, self.in_flight.pool_name, None)
        delivery.attempt = delivery.job.attempts + 1
        self.in_flight.writes.add(lambda db: attempts.begin(db, start, now, 0), is_ending=True)

    def end_unopened(self, poster: PosterHandle, delivery: Delivery, response: PostResponse) -> None:
        """End an attempt whose direct message could not be opened."""
        self.begin_unsent(delivery)
        self.receive(poster, response)

    # -- after the post

    def receive(self, poster: PosterHandle, response: PostResponse) -> None:
        """Take the result of a post."""
        delivery = poster.deliveries.get(response.key)
        if delivery is None:
            return
        delivery.has_response = True
        breaker, failures_before = self.in_flight.breaker, self.in_flight.breaker.failures
        has_turned = breaker.record(response.result, delivery.job.workspace_id, steady_ms())
        if response.is_token_rotated:
            log.event("token_rotated", workspace=delivery.job.workspace)
        result = self.in_flight.passing.judge(delivery.job, response, self.in_flight.session.now())
        result = spare_report(delivery, result, self.in_flight)
        self.end(delivery, response if result is response.result else replace(response, result=result))
        if breaker.failures != failures_before:
            now = self.in_flight.session.now()
            keep = partial(
                outage.save_failures, failures=breaker.failures, workspace_id=breaker.failing_workspace, now=now
            )
            self.in_flight.writes.add(keep)
        if has_turned:
            event = "outage_started" if breaker.is_open else "outage_ended"
            log.event(event, "warning", error=response.result.error)
        if breaker.is_open and breaker.counted_jobs:
            self.in_flight.writes.add(partial(outage.return_attempts, jobs=breaker.take_counted_jobs()))

    def end(self, delivery: Delivery, response: PostResponse) -> None:
        """Write the result of an attempt and the job's next state, then release its channel."""
        job, now, result = delivery.job, self.in_flight.session.now(), response.result
        look_up_at = min(delivery.sent_at or now, now) + self.in_flight.arrival_limit_ms
        if delivery.detail and not result.detail:
            result = replace(result, detail=delivery.detail)
        result = explain_appearance(self.opener.forget_if_gone(delivery, result), job.options)
        if job.options.update_ts:
            result = explain_update(result)
        parts = {"part": delivery.part, "parts_left": delivery.parts_left}
        budget = RetryBudget(job.deadline_at, job.spent, job.max_attempts, look_up_at, **parts)
        is_last = job.spent + 1 >= job.max_attempts
        is_free = self.in_flight.breaker.spares_attempt(result, job.error, is_last=is_last)
        if is_outage(result) and not is_free:
            self.in_flight.breaker.counted_jobs.append(job.id)
        transition = next_state(
            result, budget, now, random.random, is_free=is_free, is_rotated=response.is_token_rotated
        )
        is_posted = result.outcome is Outcome.POSTED
        end = attempts.AttemptEnd(
            job_id=job.id,
            token=job.token,
            number=delivery.attempt,
            ended_at=now,
            result=result,
            state=transition.state,
            available_at=transition.available_at,
            spent=transition.spent,
            lateness_ms=find_lateness(delivery) if is_posted else None,
        )
        hold_ms = None if transition.hold_until is None else transition.hold_until - now
        held_until = None if hold_ms is None else steady_ms() + hold_ms
        on_commit = partial(self.on_ended, delivery, result, held_until)
        on_failure = partial(self.in_flight.give_up, delivery)
        if transition.has_effects or delivery.has_place or result.error == THREAD_GONE:
            write = partial(write_end, end=end, delivery=delivery, transition=transition)
            self.in_flight.writes.add(write, on_commit, on_failure, is_ending=True)
        else:
            ended = EndedDelivery(end, delivery)
            self.in_flight.writes.add_to_set(write_ends, ended, on_commit, on_failure, is_ending=True)

    def on_ended(self, delivery: Delivery, result: AttemptResult, held_until: int | None, state: str | None) -> None:
        """Remove a delivery whose end is written; its job is in `state` (None: another claim holds it).

        `held_until`: steady milliseconds until which nothing is sent to its workspace, None without a limit.
        """
        job = delivery.job
        if state is None:
            self.in_flight.drop_lost(delivery)
        else:
            self.in_flight.record_state(job.id, state)
        log_result(job, result, state)
        self.in_flight.remove(delivery)
        if held_until is not None:
            self.in_flight.hold_workspace(job.workspace_id, held_until)
        if self.in_flight.breaker.is_open:
            self.in_flight.put_back_until(self.in_flight.breaker.probe_at)


def find_lateness(delivery: Delivery) -> int | None:
    """Return the lateness of a job whose first part is posted; None for its other parts."""
    is_first = delivery.sent_at is not None and delivery.part == 1
    return max(0, (delivery.sent_at or 0) - delivery.job.scheduled_at) if is_first else None
