"""Requests that wait for a release: the effect of the faults `hold` and `hold_before`."""

import asyncio
from dataclasses import dataclass, field


@dataclass(slots=True)
class HeldRequests:
    """The held requests, in the order of their arrival."""

    waiting: list[asyncio.Future[bool]] = field(default_factory=list)

    async def wait_for_release(self) -> bool:
        """Wait for the release. Returns False if the sandbox was reset and the request must be dropped."""
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self.waiting.append(future)
        try:
            return await future
        finally:
            if future in self.waiting:
                self.waiting.remove(future)

    def release(self, count: int | None = None, *, drop: bool = False) -> int:
        """Release the first `count` requests, or all. Returns the number released."""
        released = self.waiting[:count]
        self.waiting = self.waiting[len(released) :]
        for future in released:
            if not future.done():
                future.set_result(not drop)
        return len(released)
