"""End attempts: the result of a post becomes the next state of its job, in one write with its effects."""

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial

from schedbot.clock import steady_ms
from schedbot.model import POSTED, AttemptResult, JobState
from schedbot.posts import THREAD_GONE
from schedbot.slack.methods.appearance import explain_appearance
from schedbot.slack.methods.updates import explain_update
from schedbot.store.database import Database
from schedbot.store.jobs import pacing
from schedbot.store.jobs.attempt_ends import AttemptEnd
from schedbot.worker.post_protocol import PostResponse
from schedbot.worker.state.circuit_breaker import is_outage
from schedbot.worker.state.in_flight import InFlight
from schedbot.worker.state.next_state import SUCCEEDED, RetryBudget, Transition, next_state
from schedbot.worker.state.send_queue import Delivery
from schedbot.worker.state.write_queue import WriteFailure, WriteKind
from schedbot.worker.steps.write_end import ChannelsToRelease, EndedDelivery, log_result, write_end, write_ends


@dataclass(slots=True)
class AttemptEnder:
    """Ends attempts. `forget_if_gone` returns the result of a post, and forgets a direct message that is gone."""

    in_flight: InFlight
    forget_if_gone: Callable[[Delivery, AttemptResult], AttemptResult]
    kind: WriteKind[EndedDelivery, JobState | None] = field(init=False)

    def __post_init__(self) -> None:
        self.kind = WriteKind(self.write_ends, self.on_ended, self.on_write_failed, is_ending=True)

    def end(self, delivery: Delivery, response: PostResponse, now: int) -> None:
        """Write the result of an attempt and the job's next state, then release its channel."""
        result = self.explain(delivery, response.result)
        if ends_plainly(delivery, result):
            end = build_end(delivery, result, now, SUCCEEDED, now, delivery.job.spent + 1)
            self.in_flight.writes.add_to_set(self.kind, EndedDelivery(end, delivery))
            return
        transition = self.find_transition(delivery, result, now, is_rotated=response.is_token_rotated)
        end = build_end(delivery, result, now, transition.state, transition.available_at, transition.spent)
        ended = EndedDelivery(end, delivery)
        if transition.has_effects or delivery.has_place or result.error == THREAD_GONE:
            self.end_with_effects(ended, transition)
        else:
            self.in_flight.writes.add_to_set(self.kind, ended)

    def explain(self, delivery: Delivery, result: AttemptResult) -> AttemptResult:
        """Return the result with what the report wrote, and with what an error means for this kind of post."""
        if delivery.detail and not result.detail:
            result = result._replace(detail=delivery.detail)
        if result.outcome is POSTED:
            return result
        options = delivery.job.options
        result = explain_appearance(self.forget_if_gone(delivery, result), options)
        return explain_update(result) if options.update_ts else result

    def find_transition(self, delivery: Delivery, result: AttemptResult, now: int, *, is_rotated: bool) -> Transition:
        """Return the next state of a job after an attempt. A failure counts for the record of an outage."""
        job, breaker = delivery.job, self.in_flight.breaker
        is_free = False
        if result.outcome is not POSTED:
            is_last = job.spent + 1 >= job.max_attempts
            is_free = breaker.spares_attempt(result, job.error, is_last=is_last)
            if is_outage(result) and not is_free:
                breaker.counted_jobs.append(job.id)
        budget = RetryBudget(
            deadline_at=job.deadline_at,
            spent=job.spent,
            max_attempts=job.max_attempts,
            look_up_at=min(delivery.sent_at or now, now) + self.in_flight.arrival_limit_ms,
            parts_left=delivery.parts_left,
            part=delivery.part,
        )
        return next_state(result, budget, now, random.random, is_free=is_free, is_rotated=is_rotated)

    def write_ends(self, db: Database, ended: Sequence[EndedDelivery]) -> list[JobState | None]:
        """Write the ends of attempts. Return the states of their jobs."""
        return write_ends(db, ended, self.find_channels_to_release(db, ended))

    def write_end_with_effects(self, db: Database, ended: EndedDelivery, transition: Transition) -> JobState | None:
        """Write an end that concerns more than its job and channel. Return the state of its job."""
        return write_end(db, ended, transition, self.find_channels_to_release(db, [ended]))

    def find_channels_to_release(self, db: Database, ended: Sequence[EndedDelivery]) -> ChannelsToRelease:
        """Return the channels to release in `pacing`; None: all, because another pool is registered.

        A pool that is alone releases those that another process has held for its post, and those that another of its
        jobs waits for, so that `health` tells why it waits.
        """
        if self.in_flight.registration.update_sharing(db):
            return None
        per_channel = self.in_flight.per_channel
        channels = [item.delivery.channel for item in ended]
        held = pacing.list_held(db, channels, self.in_flight.session.now())
        return {channel for channel in channels if per_channel.get(channel, 0) > 1}.union(held)

    def end_with_effects(self, ended: EndedDelivery, transition: Transition) -> None:
        """Write an end that concerns more than its job and channel."""
        held_until = None
        if transition.hold_until is not None:
            held_until = steady_ms() + transition.hold_until - ended.end.ended_at
        self.in_flight.writes.add(
            partial(self.write_end_with_effects, ended=ended, transition=transition),
            partial(self.on_effects_ended, ended, held_until=held_until),
            partial(self.on_write_failed, ended),
            is_ending=True,
        )

    def on_ended(self, written: Iterable[tuple[EndedDelivery, JobState | None]]) -> None:
        """Remove the deliveries whose ends are written, each with the state of its job."""
        steady = steady_ms()
        for ended, state in written:
            self.remove(ended, state, steady)

    def on_effects_ended(self, ended: EndedDelivery, state: JobState | None, held_until: int | None) -> None:
        """Remove a delivery whose end is written with its effects.

        `held_until`: steady milliseconds until which nothing is sent to its workspace, None without a limit.
        """
        self.remove(ended, state, steady_ms(), held_until)

    def remove(self, ended: EndedDelivery, state: JobState | None, steady: int, held_until: int | None = None) -> None:
        """Remove a delivery whose job is in `state` (None: another claim holds it)."""
        (end, delivery), in_flight = ended, self.in_flight
        if state is None:
            in_flight.drop_lost(delivery)
        else:
            in_flight.record_state(delivery.job.id, state)
        if end.result.outcome is not POSTED:
            log_result(delivery.job, end.result, state)
        in_flight.remove(delivery, steady)
        if held_until is not None:
            in_flight.hold_workspace(delivery.job.workspace_id, held_until)
        if in_flight.breaker.is_open:
            in_flight.put_back_until(in_flight.breaker.probe_at)

    def on_write_failed(self, ended: EndedDelivery, failure: WriteFailure) -> None:
        """Give up a delivery whose end met an unexpected error."""
        self.in_flight.give_up(ended.delivery, failure)


def ends_plainly(delivery: Delivery, result: AttemptResult) -> bool:
    """Is the message posted, alone and without a remark? Then its job has succeeded, and nothing else changes."""
    return result.outcome is POSTED and result.error is None and not delivery.has_place


def build_end(
    delivery: Delivery, result: AttemptResult, now: int, state: JobState, available_at: int, spent: int
) -> AttemptEnd:
    """Return the end of an attempt with the next state of its job."""
    job = delivery.job
    lateness_ms = find_lateness(delivery) if result.outcome is POSTED else None
    return AttemptEnd(job.id, job.token, delivery.attempt, now, result, state, available_at, spent, lateness_ms)


def find_lateness(delivery: Delivery) -> int | None:
    """Return the lateness of a job whose first part is posted; None for its other parts."""
    sent_at, job = delivery.sent_at, delivery.job
    if sent_at is None or job.parts_posted:
        return None
    scheduled_at = job.due_at if job.deferred_to is None else job.deferred_to
    return sent_at - scheduled_at if sent_at > scheduled_at else 0
