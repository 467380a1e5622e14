"""Store rendered messages of several parts or with files before they are sent; any other message goes on at once."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from schedbot.model import Message
from schedbot.store.jobs import message_parts
from schedbot.worker.state.in_flight import InFlight
from schedbot.worker.state.send_queue import Delivery


@dataclass(slots=True)
class MessageStore:
    """Stores messages. `on_ready` is called with each delivery whose next part may be sent."""

    in_flight: InFlight
    on_ready: Callable[[Delivery], None]

    def take(self, delivery: Delivery, message: Message) -> None:
        """Take a rendered message: store it if it needs that, else it is ready."""
        delivery.message = message
        if not (message.continuation or message.files or delivery.job.stored_at):
            self.on_ready(delivery)
            return
        job, now = delivery.job, self.in_flight.session.now()
        store = partial(message_parts.store, job_id=job.id, token=job.token, message=message, now=now)
        self.in_flight.writes.add(store, partial(self.on_stored, delivery), partial(self.in_flight.give_up, delivery))

    def on_stored(self, delivery: Delivery, parts: int | None) -> None:
        """Go on with a stored message; None: a newer claim holds its job."""
        if parts is None:
            self.in_flight.drop_lost(delivery)
            return
        assert delivery.message is not None
        delivery.parts, delivery.message = parts, message_parts.first_part(delivery.message)
        self.on_ready(delivery)

    def take_stored(self, delivery: Delivery) -> None:
        """Take a delivery whose next part is in the store."""
        stored = delivery.job.stored
        assert stored is not None
        delivery.rendered_at, delivery.render_ms = stored.rendered_at, stored.render_ms
        if stored.method == message_parts.POST:
            delivery.message = stored.read_message()
        self.on_ready(delivery)
