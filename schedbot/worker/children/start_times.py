"""Instants before which requests of a poster may not start."""

import asyncio
from dataclasses import dataclass, field

from schedbot.clock import steady_ms


@dataclass(slots=True)
class StartTimes:
    """Instants, in steady milliseconds, with those that wait for them. All of an instant share a timer."""

    waiting: dict[int, asyncio.Event] = field(default_factory=dict)

    async def wait_for(self, instant: int) -> None:
        """Return at the instant, never before it. Those that wait for the same one go on in their order."""
        if steady_ms() >= instant:
            return
        event = self.waiting.get(instant)
        if event is None:
            event = self.waiting[instant] = asyncio.Event()
            self.pass_at(instant)
        await event.wait()

    def pass_at(self, instant: int) -> None:
        """Let those go on that wait for the instant; if it is not yet here, set a timer."""
        left_ms = instant - steady_ms()
        if left_ms > 0:
            asyncio.get_running_loop().call_later(left_ms / 1000, self.pass_at, instant)
        else:
            self.waiting.pop(instant).set()
