"""`/sandbox/events`: what happens, told as it happens (Server-Sent Events), for the page.

A browser that does not keep up loses events and is told to read everything again; the sandbox never waits for it.
"""

import asyncio
from dataclasses import dataclass, field

from aiohttp import web

from schedbot.sandbox.answers import Json, encode
from schedbot.sandbox.workspaces import Channel, Workspace

WAITING_MOST = 500
RELOAD: Json = {"what": "reload"}


@dataclass(slots=True)
class Events:
    """Those who watch, each with a queue of what they have not been told."""

    queues: set[asyncio.Queue[Json]] = field(default_factory=set)

    def message(self, what: str, workspace: Workspace, channel: Channel, message: Json) -> None:
        """A message was `posted` or `changed`."""
        if self.queues:
            named = {"workspace": workspace.name, "channel": channel.id, "name": channel.name}
            self.tell({"what": what, **named, "message": message})

    def tell(self, event: Json) -> None:
        """Tell all who watch."""
        for queue in self.queues:
            if queue.full():
                _drain(queue)
                queue.put_nowait(RELOAD)
            else:
                queue.put_nowait(event)

    async def watch(self, request: web.Request) -> web.StreamResponse:
        """Tell one browser until it leaves or the sandbox ends."""
        headers = {"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
        response = web.StreamResponse(headers=headers)
        await response.prepare(request)
        queue: asyncio.Queue[Json] = asyncio.Queue(WAITING_MOST)
        self.queues.add(queue)
        try:
            await response.write(b": hello\n\n")
            while True:
                await response.write(b"data: " + encode(await queue.get()) + b"\n\n")
        except ConnectionError:
            pass  # the browser has left
        finally:
            self.queues.discard(queue)
        return response


def _drain(queue: asyncio.Queue[Json]) -> None:
    while not queue.empty():
        queue.get_nowait()
