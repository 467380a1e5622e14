"""End attempts: the result of a post becomes the next state of its job, in one write with its effects."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

from schedbot.clock import steady_ms
from schedbot.model import AttemptResult, JobState, Outcome
from schedbot.posts import THREAD_GONE
from schedbot.slack.methods.appearance import explain_appearance
from schedbot.slack.methods.updates import explain_update
from schedbot.store.jobs import attempt_ends
from schedbot.store.jobs.pacing import ChannelRelease
from schedbot.worker.post_protocol import PostResponse
from schedbot.worker.state.circuit_breaker import is_outage
from schedbot.worker.state.in_flight import InFlight
from schedbot.worker.state.next_state import RetryBudget, Transition, next_state
from schedbot.worker.state.send_queue import PACE_MS, Delivery
from schedbot.worker.state.write_queue import WriteFailure, WriteKind
from schedbot.worker.steps.write_end import EndedDelivery, log_result, write_end, write_ends

POSTED = Outcome.POSTED  # to read an enum's member costs more than a name of the module


@dataclass(slots=True)
class AttemptEnder:
    """Ends attempts. `forget_if_gone` returns the result of a post, and forgets a direct message that is gone."""

    in_flight: InFlight
    forget_if_gone: Callable[[Delivery, AttemptResult], AttemptResult]
    kind: WriteKind[EndedDelivery, JobState | None] = field(init=False)

    def __post_init__(self) -> None:
        self.kind = WriteKind(write_ends, self.on_ended, self.on_write_failed, is_ending=True)

    def end(self, delivery: Delivery, response: PostResponse) -> None:
        """Write the result of an attempt and the job's next state, then release its channel."""
        now, job = self.in_flight.session.now(), delivery.job
        result = self.explain(delivery, response.result)
        transition = self.find_transition(delivery, result, now, is_rotated=response.is_token_rotated)
        end = attempt_ends.AttemptEnd(
            job_id=job.id,
            token=job.token,
            number=delivery.attempt,
            ended_at=now,
            result=result,
            state=transition.state,
            available_at=transition.available_at,
            spent=transition.spent,
            lateness_ms=find_lateness(delivery) if result.outcome is POSTED else None,
            release=find_release(delivery, result, now),
        )
        ended = EndedDelivery(end, delivery)
        if transition.has_effects or delivery.has_place or result.error == THREAD_GONE:
            self.end_with_effects(ended, transition)
        else:
            self.in_flight.writes.add_to_set(self.kind, ended)

    def explain(self, delivery: Delivery, result: AttemptResult) -> AttemptResult:
        """Return the result with what the report wrote, and with what an error means for this kind of post."""
        if delivery.detail and not result.detail:
            result = replace(result, detail=delivery.detail)
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

    def end_with_effects(self, ended: EndedDelivery, transition: Transition) -> None:
        """Write an end that concerns more than its job and channel."""
        held_until = None
        if transition.hold_until is not None:
            held_until = steady_ms() + transition.hold_until - ended.end.ended_at
        self.in_flight.writes.add(
            partial(write_end, ended=ended, transition=transition),
            partial(self.on_ended, ended, held_until=held_until),
            partial(self.on_write_failed, ended),
            is_ending=True,
        )

    def on_ended(self, ended: EndedDelivery, state: JobState | None, held_until: int | None = None) -> None:
        """Remove a delivery whose end is written; its job is in `state` (None: another claim holds it).

        `held_until`: steady milliseconds until which nothing is sent to its workspace, None without a limit.
        """
        (end, delivery), breaker = ended, self.in_flight.breaker
        if state is None:
            self.in_flight.drop_lost(delivery)
        else:
            self.in_flight.record_state(delivery.job.id, state)
        log_result(delivery.job, end.result, state)
        self.in_flight.remove(delivery)
        if held_until is not None:
            self.in_flight.hold_workspace(delivery.job.workspace_id, held_until)
        if breaker.is_open:
            self.in_flight.put_back_until(breaker.probe_at)

    def on_write_failed(self, ended: EndedDelivery, failure: WriteFailure) -> None:
        """Give up a delivery whose end met an unexpected error."""
        self.in_flight.give_up(ended.delivery, failure)


def find_release(delivery: Delivery, result: AttemptResult, now: int) -> ChannelRelease | None:
    """Return the release of the channel that a delivery held; None if it held none."""
    if delivery.sent_at is None:
        return None
    free_at = now + PACE_MS if result.was_sent else now
    return ChannelRelease(*delivery.channel, free_at, delivery.channel_held_until)


def find_lateness(delivery: Delivery) -> int | None:
    """Return the lateness of a job whose first part is posted; None for its other parts."""
    is_first = delivery.sent_at is not None and delivery.part == 1
    return max(0, (delivery.sent_at or 0) - delivery.job.scheduled_at) if is_first else None
