"""Open the direct message with a person before the first post to that person, and keep its id for all later posts.

The id is committed before the post's intent, so that a post with an unknown outcome is looked up in that conversation.
Source: https://docs.slack.dev/reference/methods/conversations.open
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from schedbot import log
from schedbot.clock import steady_ms
from schedbot.model import AttemptResult, Outcome
from schedbot.slack import channel_ids, error_codes
from schedbot.slack.methods.direct_messages import explain_refusal
from schedbot.store.jobs import direct_messages
from schedbot.store.jobs.pacing import ChannelKey
from schedbot.worker.post_protocol import PostResponse
from schedbot.worker.protocol import OpenRequest, OpenResponse
from schedbot.worker.state.in_flight import InFlight
from schedbot.worker.state.next_state import RATE_LIMIT_MS, SPREAD_MS
from schedbot.worker.state.poster_handle import PosterHandle
from schedbot.worker.state.send_queue import Delivery

CHANNEL_NOT_FOUND = "channel_not_found"


@dataclass(slots=True)
class ConversationOpener:
    """Opens direct messages. `end`: ends an attempt that was refused.

    `opened`: conversations by workspace and user, as this pool knows them. `held_until`:
    end of a rate limit by workspace, in steady milliseconds.
    """

    in_flight: InFlight
    end: Callable[[PosterHandle, Delivery, PostResponse], None]
    opened: dict[ChannelKey, str] = field(default_factory=dict)
    held_until: dict[str, int] = field(default_factory=dict)

    def open(self, delivery: Delivery, poster: PosterHandle, steady: int) -> None:
        """Queue the delivery for its conversation, if that is open; else ask the poster to open it."""
        channel = self.opened.get(delivery.channel)
        if channel:
            self.requeue(delivery, channel)
            return
        wait_ms = self.held_until.get(delivery.job.workspace_id, 0) - steady
        if wait_ms > 0:
            self.put_back(delivery, wait_ms)
            return
        poster.take(delivery)
        delivery.sent_steady = delivery.requested_at = steady
        job = delivery.job
        rereads_token = error_codes.is_token_refused(job.error)
        poster.send(OpenRequest(delivery.key, delivery.source, rereads_token, job.channel))

    def put_back(self, delivery: Delivery, wait_ms: int) -> None:
        """Give back a delivery until a rate limit is over, spread so that not all return at once."""
        available_at = self.in_flight.session.now() + wait_ms + int(random.random() * SPREAD_MS)
        self.in_flight.put_back(delivery.job, available_at)
        self.in_flight.remove(delivery)

    def hold(self, delivery: Delivery, wait_ms: int) -> None:
        """Open no direct message in the workspace until a rate limit is over, and give the delivery back."""
        self.held_until[delivery.job.workspace_id] = steady_ms() + wait_ms
        self.put_back(delivery, wait_ms)

    def receive(self, poster: PosterHandle, response: OpenResponse) -> None:
        """Take the id of a direct message, or end the attempt whose direct message could not be opened."""
        delivery = poster.deliveries.get(response.key)
        if delivery is None:
            return
        if response.refusal is None:
            self.keep(poster, delivery, response)
            return
        result = response.refusal.result
        if result.outcome is Outcome.RATE_LIMITED:  # of this method alone: the posts of the workspace go on
            self.hold(delivery, result.retry_after_ms or RATE_LIMIT_MS)
        else:
            self.end(poster, delivery, response.refusal._replace(result=explain_refusal(result)))

    def keep(self, poster: PosterHandle, delivery: Delivery, response: OpenResponse) -> None:
        """Write the id of the conversation, then let the delivery go on."""
        poster.deliveries.pop(delivery.key, None)
        delivery.sent_steady = delivery.requested_at = 0
        save = partial(
            direct_messages.save,
            workspace_id=delivery.job.workspace_id,
            user_id=delivery.job.channel,
            channel_id=response.channel,
            now=self.in_flight.session.now(),
        )
        on_failure = partial(self.in_flight.give_up, delivery)
        self.in_flight.writes.add(save, lambda _: self.on_kept(delivery, response.channel), on_failure)

    def on_kept(self, delivery: Delivery, channel: str) -> None:
        """Queue the delivery for its conversation."""
        log.event("conversation_opened", schedule=delivery.job.schedule, user=delivery.job.channel, channel=channel)
        self.opened[delivery.channel] = channel
        if not delivery.is_done:
            self.requeue(delivery, channel)

    def requeue(self, delivery: Delivery, channel: str) -> None:
        """Queue a delivery to a user for the conversation with that user."""
        steady, send_queue = steady_ms(), self.in_flight.send_queue
        self.in_flight.release_channel(delivery, steady)
        self.in_flight.move(delivery, channel)
        send_queue.add(delivery, send_queue.earliest_at(delivery.channel, max(steady, delivery.start_at)))

    def forget_if_gone(self, delivery: Delivery, result: AttemptResult) -> AttemptResult:
        """Return the result of a post. A conversation that another app had opened is opened anew for the next attempt.

        The token of a workspace may be of another app by now, which has conversations of its own.
        """
        job = delivery.job
        if result.error != CHANNEL_NOT_FOUND or not channel_ids.is_person(job.schedule_channel):
            return result
        self.opened.pop(ChannelKey(job.workspace_id, job.schedule_channel), None)
        forget = partial(direct_messages.forget, workspace_id=job.workspace_id, channel_id=job.channel)
        self.in_flight.writes.add(forget, is_ending=True)
        return result._replace(outcome=Outcome.NOT_POSTED)
