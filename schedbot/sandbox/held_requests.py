"""Requests that wait until somebody lets them go: what a fault `hold` or `hold_before` makes of a request."""

import asyncio
from dataclasses import dataclass, field


@dataclass(slots=True)
class Gate:
    """The requests that wait, in the order of their coming."""

    waiting: list[asyncio.Future[bool]] = field(default_factory=list)

    async def pass_through(self) -> bool:
        """Wait to be let go. False: the sandbox was reset, the request is to be forgotten."""
        turn: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self.waiting.append(turn)
        try:
            return await turn
        finally:
            if turn in self.waiting:
                self.waiting.remove(turn)

    def release(self, count: int | None = None, *, forget: bool = False) -> int:
        """Let the first `count` go, or all; answers how many."""
        going = self.waiting[:count]
        self.waiting = self.waiting[len(going) :]
        for turn in going:
            if not turn.done():
                turn.set_result(not forget)
        return len(going)
