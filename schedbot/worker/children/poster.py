"""A child posts, many at once, over one kept-alive session, and asks histories. It never opens the database.

It posts only what the parent says may leave, and only within the window that the parent gave: a child that was stopped
meanwhile says `unsent`. When the parent is gone it ends at once, whatever is in flight.
"""

import asyncio
import os
import signal
import socket
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

from schedbot.clock import steady_ms
from schedbot.errors import TokenUnavailable
from schedbot.model import AttemptResult, Message, MessageMetadata, Outcome, TokenSource
from schedbot.slack import error_codes
from schedbot.worker.children.pipe import spoken
from schedbot.worker.children.token_cache import Keyring

LONGEST_LINE = 1 << 26


class Conditions(NamedTuple):
    """How a child is to talk to Slack."""

    api_url: str
    timeout_ms: int
    in_flight: int


@dataclass(slots=True)
class Child:
    """What a child has: its client, the wire to its parent, and what is under way."""

    client: Any
    writer: asyncio.StreamWriter
    keyring: Keyring = field(default_factory=Keyring)
    running: set[asyncio.Task[None]] = field(default_factory=set)

    def hear(self, saying: dict[str, Any]) -> None:
        """Do what the parent says; what takes time goes on beside the others."""
        verb = self.send if saying["do"] == "send" else self.look_up
        task = asyncio.ensure_future(verb(saying))
        self.running.add(task)
        task.add_done_callback(self.running.discard)

    def say(self, **saying: Any) -> None:
        self.writer.write(spoken(saying))

    async def send(self, saying: dict[str, Any]) -> None:
        """Post a message, unless the window in which it may start has passed or its token is not to be had."""
        source, detail, renewed = TokenSource(**saying["source"]), None, False
        try:
            token = await self.keyring.token(source, anew=saying["anew"])
            reply = await self.post(token, saying)
            if reply.outcome is Outcome.TOKEN_REFUSED:
                renewed = await self.renewed(source, token, saying)
        except TokenUnavailable as error:
            reply, detail = AttemptResult(Outcome.TOKEN_REFUSED, "token_unavailable"), str(error)
        except Exception as error:
            # Whatever it was, the parent must hear of it: it may have left.
            reply, detail = AttemptResult(Outcome.UNKNOWN, "worker_lost"), f"{type(error).__name__}: {error}"[:300]
        told = {"reply": asdict(reply), "detail": detail, "renewed": renewed}
        self.say(did="sent", job=saying["job"], **told, clock_ms=self.client.take_clock_offset())

    async def post(self, token: str, saying: dict[str, Any]) -> AttemptResult:
        if steady_ms() > saying["before"]:
            return AttemptResult(Outcome.LOST_UNSENT, "window_passed")
        message = Message(saying["text"], saying["blocks"])
        reply: AttemptResult = await self.client.post(
            token, saying["channel"], message, MessageMetadata(**saying["stamp"])
        )
        return reply

    async def look_up(self, saying: dict[str, Any]) -> None:
        """Ask a channel's history for some posts."""
        from schedbot.slack import history_lookup as lookup

        source = TokenSource(**saying["source"])
        sought = [
            lookup.SentPost(MessageMetadata(**one["stamp"]), one["sent_at"], one["until_at"])
            for one in saying["sought"]
        ]
        try:
            token = await self.keyring.token(source, anew=saying["anew"])
        except TokenUnavailable as error:
            self.say(did="no_history", ask=saying["ask"], why=str(error))
            return
        try:
            fates = await lookup.look_up(self.client, token, saying["channel"], sought, resume=saying["resume"])
            refused = any(error_codes.is_token_refused(fate.error) for fate in fates.values())
            renewed = refused and await self.renewed(source, token, saying)
        except Exception as error:
            self.say(did="no_history", ask=saying["ask"], why=f"{type(error).__name__}: {error}"[:300])
            return
        if renewed:
            fates = {stamp: lookup.retry_if_token_refused(fate) for stamp, fate in fates.items()}
        told = {"fates": [asdict(fates[one.metadata]) for one in sought], "renewed": renewed}
        self.say(did="looked_up", ask=saying["ask"], **told, clock_ms=self.client.take_clock_offset())

    async def renewed(self, source: TokenSource, refused: str, saying: dict[str, Any]) -> bool:
        """Has another token taken the refused one's place? Then the next try reads it anew; if that is refused too, it
        was no rotation."""
        self.keyring.forget(source, refused)
        return not saying["anew"] and await self.keyring.has_another(source, refused)


def run(end: socket.socket, *conditions: Any) -> None:
    """A child's life. Signals are the parent's business: the end of the socket ends the child."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    asyncio.run(live(end, Conditions(*conditions)))


async def live(end: socket.socket, conditions: Conditions) -> None:
    """Hear the parent until it is gone."""
    # All that will be used: an upgrade may replace it on the disk.
    from schedbot.slack import history_lookup, tokens  # noqa: F401
    from schedbot.slack.client import SlackClient

    reader, writer = await asyncio.open_connection(sock=end, limit=LONGEST_LINE)
    async with SlackClient(*conditions) as client:
        child = Child(client, writer)
        child.say(did="ready")
        while line := await reader.readline():
            child.hear(parsed(line))
        # The parent is gone: nothing may be posted that nobody records.
        os._exit(0)


def parsed(line: bytes) -> dict[str, Any]:
    import json

    saying: dict[str, Any] = json.loads(line)
    return saying


def reply_of(said: dict[str, Any]) -> AttemptResult:
    """A reply as it came over the wire."""
    return AttemptResult(**{**said, "outcome": Outcome(said["outcome"])})
