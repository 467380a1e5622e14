"""Tokens of a poster: read from their source, and read again when Slack refuses one.

Rules: a file is read each time; an environment variable once, because a process keeps its variables. A command's
output and the token of a token store are kept for five minutes, but not once Slack has refused them. A source that
holds another token than the refused one was rotated. A file without a token may be about to get one, so it is read
twice.
"""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from schedbot.errors import TokenUnavailable
from schedbot.model import TokenSource
from schedbot.slack.token_stores.place import RotationSettings, decode

COMMAND_LIFETIME_S = 300.0
REREAD_FILE_S = 1.0  # shorter than the time within which a post may start


class TokenCommands:
    """Token commands and reads of token stores, off the event loop: each once at a time.

    DNS look-ups use asyncio's default executor, and a command or store that hangs must not delay them.
    """

    def __init__(self, rotation: RotationSettings | None = None) -> None:
        self._rotation = rotation
        self._threads: dict[str, ThreadPoolExecutor] = {}
        self._running: dict[str, asyncio.Future[str]] = {}

    async def run(self, source: TokenSource) -> str:
        """Return the token of a command or token store. All callers share one run. Raises TokenUnavailable to each."""
        # Shielded, because a caller that is cancelled must not end the command for the others.
        return await asyncio.shield(self._running.get(source.place) or self._start(source))

    def _start(self, source: TokenSource) -> asyncio.Future[str]:
        from schedbot.slack import tokens

        place = source.place
        # One thread for each command and store: in a common pool, many that hang would delay the others.
        name = decode(place).store if source.kind == "store" else place
        thread = self._threads.setdefault(name, ThreadPoolExecutor(1, "token"))
        running = asyncio.get_running_loop().run_in_executor(thread, tokens.read_token, source, self._rotation)
        self._running[place] = running
        running.add_done_callback(lambda _: self._running.pop(place))
        return running


@dataclass(frozen=True, slots=True)
class CachedToken:
    """Token of a command or a token store, and when it was read (monotonic seconds)."""

    token: str
    read_at: float


@dataclass(slots=True)
class TokenCache:
    """Tokens by their source. A file is read each time."""

    commands: TokenCommands = field(default_factory=TokenCommands)
    cached: dict[TokenSource, CachedToken] = field(default_factory=dict)
    of_variables: dict[TokenSource, str] = field(default_factory=dict)

    async def get(self, source: TokenSource, *, rereads: bool = False) -> str:
        """Return the token of `source`; with `rereads`, read it again if it can change. Raises TokenUnavailable."""
        if token := self.of_variables.get(source):
            return token
        from schedbot.slack import tokens

        if source.kind == "file":
            return await self._read_file(source)
        if source.kind not in ("command", "store"):
            token = self.of_variables[source] = tokens.read_token(source)
            return token
        entry = self.cached.get(source)
        if rereads or entry is None or time.monotonic() - entry.read_at > COMMAND_LIFETIME_S:
            entry = CachedToken(await self.commands.run(source), time.monotonic())
            self.cached[source] = entry
        return entry.token

    async def _read_file(self, source: TokenSource) -> str:
        """Return the token in a file; read an empty file again a moment later. Raises TokenUnavailable."""
        from schedbot.slack import tokens

        try:
            return tokens.read_token(source)
        except TokenUnavailable:
            await asyncio.sleep(REREAD_FILE_S)
            return tokens.read_token(source)

    def forget(self, source: TokenSource, token: str) -> None:
        """Drop a token that Slack refuses."""
        entry = self.cached.get(source)
        if entry is not None and entry.token == token:
            del self.cached[source]

    async def has_other_token(self, source: TokenSource, refused: str) -> bool:
        """Does the source now hold another token than the refused one?"""
        self.forget(source, refused)
        try:
            return await self.get(source) != refused
        except TokenUnavailable:
            return False
        finally:
            self.forget(source, refused)
