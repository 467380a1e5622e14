"""Instants before which requests of a poster may not start."""

import asyncio
from collections import deque
from dataclasses import dataclass, field

from schedbot.clock import steady_ms

GROUP = 4  # requests that go on in one turn of the event loop: the first is on its way before all have begun


@dataclass(slots=True)
class StartTimes:
    """Instants, in steady milliseconds, with those that wait for them in their order. All of an instant share a timer."""

    waiting: dict[int, deque[asyncio.Future[None]]] = field(default_factory=dict)

    async def wait_for(self, instant: int) -> None:
        """Return at the instant, never before it."""
        if steady_ms() >= instant:
            return
        loop = asyncio.get_running_loop()
        if instant not in self.waiting:
            self.waiting[instant] = deque()
            self.pass_at(instant, loop)
        future = loop.create_future()
        self.waiting[instant].append(future)
        await future

    def pass_at(self, instant: int, loop: asyncio.AbstractEventLoop) -> None:
        """Let those go on that wait for the instant; if it is not yet here, set a timer."""
        left_ms = instant - steady_ms()
        if left_ms > 0:
            loop.call_later(left_ms / 1000, self.pass_at, instant, loop)
        else:
            self.pass_group(self.waiting.pop(instant), loop)

    def pass_group(self, waiting: deque[asyncio.Future[None]], loop: asyncio.AbstractEventLoop) -> None:
        """Let the first go on, and the others in the next turns of the loop."""
        for _ in range(min(GROUP, len(waiting))):
            future = waiting.popleft()
            if not future.done():
                future.set_result(None)
        if waiting:
            loop.call_soon(self.pass_group, waiting, loop)
