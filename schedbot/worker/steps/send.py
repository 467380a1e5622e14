"""Send messages: the intent is written, the post leaves, its result is written.

Each step is one entry in the write queue, and the next begins after its commit. Every write names the claim's token, so
a pool that was stopped past its lease writes nothing and sends nothing.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from schedbot import log
from schedbot.clock import steady_ms
from schedbot.model import POSTED, AttemptResult, JobState, Outcome
from schedbot.rules.channel_pace import find_hold_ms
from schedbot.slack import channel_ids
from schedbot.store.database import Database
from schedbot.store.jobs import attempts, claims, outage
from schedbot.store.jobs.attempts import AttemptStart, IntentResult
from schedbot.store.jobs.claims import ClaimedJob
from schedbot.worker.post_protocol import PostRequest, PostResponse
from schedbot.worker.state.in_flight import InFlight
from schedbot.worker.state.poster_handle import PosterHandle
from schedbot.worker.state.send_queue import Delivery
from schedbot.worker.state.write_queue import WriteFailure, WriteKind
from schedbot.worker.steps.attempt_requests import build_request, build_share_request, build_start
from schedbot.worker.steps.end_attempt import AttemptEnder
from schedbot.worker.steps.missing_pictures import spare_report
from schedbot.worker.steps.open_conversation import ConversationOpener

if TYPE_CHECKING:
    from schedbot.store.jobs.calendar_deferral import DeferralResult

# A job waits this long for a busy channel; a job that has to wait longer is put back.
CHANNEL_WAIT_MS = 5_000
# Intents are written at most this early, so that a post need not wait for its commit; the poster waits for the instant.
AHEAD_MS = 100
LEAST_AHEAD_MS = 50  # a commit is made so early, and takes what is due until AHEAD_MS with it
# Intents that are written first when posts are due and none is in flight: a small commit ends sooner.
FIRST_POSTS = 16


class PlannedPost(NamedTuple):
    """A delivery whose intent is to be written, and the poster that then sends it."""

    delivery: Delivery
    poster: PosterHandle
    start: AttemptStart


@dataclass(slots=True)
class Sender:
    """Sends rendered messages and records their results."""

    in_flight: InFlight
    opener: ConversationOpener = field(init=False)
    intents: WriteKind[PlannedPost, IntentResult] = field(init=False)
    ender: AttemptEnder = field(init=False)

    def __post_init__(self) -> None:
        self.opener = ConversationOpener(self.in_flight, self.end_unopened)
        self.intents = WriteKind(self.write_intents, self.on_intents_written, self.on_write_failed)
        self.ender = AttemptEnder(self.in_flight, self.opener.forget_if_gone)

    # -- before the post

    def send_due(self) -> None:
        """Write the intent of all messages that may leave soon. Each leaves after the commit, at its instant."""
        steady, now = steady_ms(), self.in_flight.session.now()
        for poster in self.in_flight.posters:
            poster.waiting.update(steady)
        next_at = self.next_at()
        if next_at is None or next_at > steady:
            return
        limit = min(self.in_flight.free_slots(), self.count_allowed(steady))
        if next_at <= steady - LEAST_AHEAD_MS and not (self.in_flight.count_sending() or self.in_flight.writes):
            limit = min(limit, FIRST_POSTS)
        posters = self.in_flight.iterate_freest_posters()
        for delivery in self.in_flight.send_queue.take_due(steady + AHEAD_MS, limit):
            try:
                self.start(delivery, posters, now, steady)
            except Exception as error:
                self.in_flight.put_failing_back(delivery.job, "send", error)

    def start(self, delivery: Delivery, posters: Iterator[PosterHandle], now: int, steady: int) -> None:
        """Begin a post by the next poster, unless its grace is over or its calendar closed."""
        job = delivery.job
        if job.deadline_at < now:
            self.expire(delivery)
        elif self.defer_if_closed(job, max(now, job.available_at)):
            self.in_flight.remove(delivery)
        elif channel_ids.is_person(job.channel):
            self.opener.open(delivery, next(posters), steady)
        else:
            self.write_intent(delivery, next(posters), now, steady)

    def count_allowed(self, steady: int) -> int:
        return self.in_flight.breaker.count_allowed(steady, self.in_flight.count_sending())

    def next_at(self) -> int | None:
        """Return when to write the intent of the next message (steady milliseconds); None while none may leave."""
        has_slots = self.in_flight.free_slots() > 0
        if has_slots and self.count_allowed(steady_ms()) > 0:
            next_at, quiet_until = self.in_flight.send_queue.next_at(), self.in_flight.send_queue.quiet_until
            return None if next_at is None else max(next_at - LEAST_AHEAD_MS, quiet_until)
        is_probe_next = has_slots and self.in_flight.breaker.is_open and not self.in_flight.count_sending()
        return self.in_flight.breaker.probe_at if is_probe_next else None

    def expire(self, delivery: Delivery) -> None:
        """End a delivery whose grace ended while it waited for its channel."""
        self.in_flight.expire(delivery.job)
        self.in_flight.remove(delivery)

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

    def write_intent(self, delivery: Delivery, poster: PosterHandle, now: int, steady: int) -> None:
        """Write that the message is about to leave by this poster."""
        poster.take(delivery)
        delivery.sent_steady = max(steady, delivery.start_at)
        sent_at = delivery.sent_at = now + delivery.sent_steady - steady
        delivery.channel_held_until = sent_at + find_hold_ms(self.in_flight.session.settings.timeout_ms)
        start = build_start(self.in_flight, delivery, f"{self.in_flight.pool_name}/{poster.number}", sent_at)
        self.in_flight.writes.add_to_set(self.intents, PlannedPost(delivery, poster, start))

    def write_intents(self, db: Database, posts: Sequence[PlannedPost]) -> list[IntentResult]:
        """Write that messages are about to leave; but none may while the pool is quiet."""
        is_sharing, now = self.in_flight.registration.update_sharing(db), self.in_flight.session.now()
        quiet_ms = self.in_flight.send_queue.quiet_until - steady_ms()
        if quiet_ms > 0:
            return [attempts.refuse(db, post.start, now + quiet_ms) for post in posts]
        return attempts.write_intents(db, [post.start for post in posts], now, is_sharing=is_sharing)

    def on_write_failed(self, post: PlannedPost, failure: WriteFailure) -> None:
        """Give up a delivery whose intent met an unexpected error."""
        self.in_flight.give_up(post.delivery, failure)

    def on_intents_written(self, written: Iterable[tuple[PlannedPost, IntentResult]]) -> None:
        """Let the posters send; or go on without, for the reason in the result."""
        steady = steady_ms()
        posts: defaultdict[PosterHandle, list[PostRequest]] = defaultdict(list)
        try:
            for (delivery, poster, _), intent in written:
                if not intent.is_written:
                    self.on_intent_refused(delivery, poster, intent)
                    continue
                delivery.attempt, delivery.requested_at = delivery.job.attempts + 1, steady
                if delivery.is_share:
                    poster.send(build_share_request(delivery))
                else:
                    posts[poster].append(build_request(self.in_flight.installation, delivery))
        finally:
            for poster, requests in posts.items():
                poster.send_posts(requests)

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
            retry_at = max(delivery.start_at, steady_ms() + max(0, intent.channel_free_at - now))
            lease_until = now + self.in_flight.session.settings.lease_ms
            self.in_flight.writes.add(lambda db: claims.renew(db, job.token, [job.id], lease_until))
            self.in_flight.release_channel(delivery, retry_at)
            delivery.sent_steady = 0
            self.in_flight.send_queue.add(delivery, retry_at)

    def fail_render(self, delivery: Delivery, reason: str) -> None:
        """Record an attempt that was never sent, because its report could not be rendered."""
        self.end_unsent(delivery, AttemptResult(Outcome.RENDER_FAILED, "render_failed", detail=reason))

    def end_unsent(self, delivery: Delivery, result: AttemptResult, *, is_token_rotated: bool = False) -> None:
        """Record an attempt that was never sent, with its result."""
        self.begin_unsent(delivery)
        self.ender.end(delivery, PostResponse(delivery.key, result, is_token_rotated), self.in_flight.session.now())

    def begin_unsent(self, delivery: Delivery) -> None:
        """Record an attempt that was never sent."""
        now, start = self.in_flight.session.now(), build_start(self.in_flight, delivery, self.in_flight.pool_name, None)
        delivery.attempt = delivery.job.attempts + 1
        self.in_flight.writes.add(lambda db: attempts.begin(db, start, now), is_ending=True)

    def end_unopened(self, poster: PosterHandle, delivery: Delivery, response: PostResponse) -> None:
        """End an attempt whose direct message could not be opened."""
        self.begin_unsent(delivery)
        self.receive(poster, [response])

    # -- after the post

    def receive(self, poster: PosterHandle, responses: Sequence[PostResponse]) -> None:
        """Take the results of posts."""
        in_flight, now, steady = self.in_flight, self.in_flight.session.now(), steady_ms()
        breaker, passing = in_flight.breaker, in_flight.passing
        for response in responses:
            delivery = poster.deliveries.pop(response.key, None)  # frees its slot now
            if delivery is None:
                continue
            poster.waiting.results += 1
            in_flight.clock.record_slack_offset(response.clock_offset_ms)
            if response.result.outcome is POSTED and not breaker.failures:
                breaker.record_answer(delivery.job.workspace_id, steady)
                passing.record_progress(delivery.job.workspace_id, now)
                self.ender.end(delivery, response, now)
            else:
                self.receive_failure(delivery, response, now)

    def receive_failure(self, delivery: Delivery, response: PostResponse, now: int) -> None:
        """Take the result of a post that failed, or that comes after failures."""
        breaker = self.in_flight.breaker
        failures_before = breaker.failures
        has_turned = breaker.record(response.result, delivery.job.workspace_id, steady_ms())
        if response.is_token_rotated:
            log.event("token_rotated", workspace=delivery.job.workspace)
        result = self.in_flight.passing.judge(delivery.job, response, now)
        if result.outcome is not POSTED:
            result = spare_report(delivery, result, self.in_flight)
        self.ender.end(delivery, response._replace(result=result), now)
        if breaker.failures != failures_before:
            keep = partial(
                outage.save_failures, failures=breaker.failures, workspace_id=breaker.failing_workspace, now=now
            )
            self.in_flight.writes.add(keep)
        if has_turned:
            event = "outage_started" if breaker.is_open else "outage_ended"
            log.event(event, "warning", error=response.result.error)
        if breaker.is_open and breaker.counted_jobs:
            self.in_flight.writes.add(partial(outage.return_attempts, jobs=breaker.take_counted_jobs()))
