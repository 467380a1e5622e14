"""Look-ups of tokens by command, off the event loop: one at a time for each place, each place on a thread of its own.

DNS look-ups have asyncio's default executor; a token command that hangs must not keep them waiting.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from schedbot.model import TokenSource


class Errands:
    """The look-ups under way. All who want one place's token wait for the same answer."""

    def __init__(self) -> None:
        self._threads: dict[str, ThreadPoolExecutor] = {}
        self._under_way: dict[str, asyncio.Future[str]] = {}

    async def find(self, source: TokenSource) -> str:
        """The token at `source`. Raises TokenUnavailable, to all who wait."""
        # Shielded, because one that no longer waits must not end the look-up of the others.
        return await asyncio.shield(self._under_way.get(source.place) or self._begin(source))

    def _begin(self, source: TokenSource) -> asyncio.Future[str]:
        from schedbot.slack import tokens

        place = source.place
        # One thread for each place: in a common pool, many that hang would keep the others waiting.
        thread = self._threads.setdefault(place, ThreadPoolExecutor(1, "token"))
        found = asyncio.get_running_loop().run_in_executor(thread, tokens.read_token, source)
        self._under_way[place] = found
        found.add_done_callback(lambda _: self._under_way.pop(place))
        return found
