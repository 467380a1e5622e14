"""Start of requests that were given to the client early: each waits with its connection, and leaves at its instant."""

import asyncio
from contextvars import ContextVar
from dataclasses import dataclass, field

from schedbot.clock import steady_ms


class StartPassed(Exception):
    """The last instant at which a request may start has passed, and nothing of it has left."""


@dataclass(slots=True)
class StartTimes:
    """Instants, in steady milliseconds, with those that wait for them. All of an instant share a timer."""

    waiting: dict[int, dict[int, asyncio.Future[None]]] = field(default_factory=dict)

    async def wait_for(self, instant: int, number: int) -> None:
        """Return at the instant, never before it.

        Those that wait for the same one go on in the order of their numbers, which are all different.
        """
        if steady_ms() >= instant:
            return
        turn = asyncio.get_running_loop().create_future()
        turns = self.waiting.get(instant)
        if turns is None:
            turns = self.waiting[instant] = {}
            self.pass_at(instant)
        turns[number] = turn
        await turn

    def pass_at(self, instant: int) -> None:
        """Let those go on that wait for the instant; if it is not yet here, set a timer."""
        left_ms = instant - steady_ms()
        if left_ms > 0:
            asyncio.get_running_loop().call_later(left_ms / 1000, self.pass_at, instant)
            return
        for _, turn in sorted(self.waiting.pop(instant).items()):
            if not turn.done():
                turn.set_result(None)


@dataclass(frozen=True, slots=True)
class Start:
    """Start of a request, from `start_at` to `start_before` (steady milliseconds). `number`: its place in the order."""

    times: StartTimes
    start_at: int
    start_before: int
    number: int

    @property
    def is_ahead(self) -> bool:
        """Is the start still to come?"""
        return steady_ms() < self.start_at

    async def wait(self) -> None:
        """Wait for the start. Raises StartPassed if it is too late then."""
        await self.times.wait_for(self.start_at, self.number)
        if steady_ms() > self.start_before:
            raise StartPassed


# Start of the request in the present context, because slack_sdk and aiohttp stand between; None: at once.
START: ContextVar[Start | None] = ContextVar("START", default=None)
