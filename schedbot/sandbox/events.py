"""`/sandbox/events`: Server-Sent Events for the page.

A browser that reads too slowly loses events and receives `reload` instead; the sandbox never waits for a browser.
"""

import asyncio
from dataclasses import dataclass, field

from aiohttp import web

from schedbot.sandbox.api_responses import Json, encode
from schedbot.sandbox.workspaces import SandboxChannel, SandboxWorkspace

MAX_PENDING = 500
RELOAD: Json = {"what": "reload"}


@dataclass(slots=True)
class Events:
    """Subscribed browsers, each with a queue of events that it has not received."""

    queues: set[asyncio.Queue[Json]] = field(default_factory=set)

    def publish_message(self, what: str, workspace: SandboxWorkspace, channel: SandboxChannel, message: Json) -> None:
        """Publish that a message was `posted` or `changed`."""
        if self.queues:
            names = {"workspace": workspace.name, "channel": channel.id, "name": channel.name}
            self.publish({"what": what, **names, "message": message})

    def publish(self, event: Json) -> None:
        """Send an event to every subscribed browser."""
        for queue in self.queues:
            if queue.full():
                _drain(queue)
                queue.put_nowait(RELOAD)
            else:
                queue.put_nowait(event)

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """Send events to a browser until it disconnects or the sandbox stops."""
        headers = {"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
        response = web.StreamResponse(headers=headers)
        await response.prepare(request)
        queue: asyncio.Queue[Json] = asyncio.Queue(MAX_PENDING)
        self.queues.add(queue)
        try:
            await response.write(b": hello\n\n")
            while True:
                await response.write(b"data: " + encode(await queue.get()) + b"\n\n")
        except ConnectionError:
            pass  # the browser has disconnected
        finally:
            self.queues.discard(queue)
        return response


def _drain(queue: asyncio.Queue[Json]) -> None:
    while not queue.empty():
        queue.get_nowait()
