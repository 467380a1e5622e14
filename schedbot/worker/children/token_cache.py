"""The tokens that a child knows: read where they are kept, and read anew when Slack refuses one.

Rules: a variable and a file are read each time, a command's answer holds for five minutes, but never once it was
refused. Where the place of a refused token holds another one by now, it was rotated. A file without a token may be just
about to get one: it is read twice.
"""

import asyncio
import time
from dataclasses import dataclass, field

from schedbot.errors import TokenUnavailable
from schedbot.model import TokenSource
from schedbot.worker.children.errands import Errands

COMMAND_HOLDS_S = 300.0
BEING_WRITTEN_S = 1.0  # within the window in which a post may start


@dataclass(slots=True)
class Keyring:
    """What commands have said, and when (monotonic seconds)."""

    errands: Errands = field(default_factory=Errands)
    known: dict[TokenSource, tuple[float, str]] = field(default_factory=dict)

    async def token(self, source: TokenSource, *, anew: bool = False) -> str:
        """The token at `source`; `anew`: as its place has it now. Raises TokenUnavailable."""
        from schedbot.slack import tokens

        if source.kind == "file":
            return await self.written(source)
        if source.kind != "command":
            return tokens.read_token(source)
        read_at, token = self.known.get(source, (0.0, ""))
        if anew or not token or time.monotonic() - read_at > COMMAND_HOLDS_S:
            token = await self.errands.find(source)
            self.known[source] = (time.monotonic(), token)
        return token

    async def written(self, source: TokenSource) -> str:
        """The token in a file; where there is none, what is in it a moment later. Raises TokenUnavailable."""
        from schedbot.slack import tokens

        try:
            return tokens.read_token(source)
        except TokenUnavailable:
            await asyncio.sleep(BEING_WRITTEN_S)
            return tokens.read_token(source)

    def forget(self, source: TokenSource, token: str) -> None:
        """Slack refuses it."""
        if self.known.get(source, (0.0, ""))[1] == token:
            del self.known[source]

    async def has_another(self, source: TokenSource, refused: str) -> bool:
        """Has the refused token been rotated since it was read?"""
        self.forget(source, refused)
        try:
            return await self.token(source) != refused
        except TokenUnavailable:
            return False
        finally:
            self.forget(source, refused)
