"""A child: renders and posts, many at once, over one kept-alive session. It never opens the database.

It posts only what the parent says may leave, and only within the window that the parent gave: a child that was stopped
meanwhile says `unsent`. When the parent is gone it ends at once, whatever is in flight.
"""

import asyncio
import os
import signal
import socket
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

from schedbot.errors import ReportFailed, TokenUnavailable
from schedbot.model import Message, Outcome, Reply, Report, Stamp, TokenSource
from schedbot.worker.wire import spoken

LONGEST_LINE = 1 << 26
COMMAND_HOLDS_S = 300.0


class Conditions(NamedTuple):
    """How a child is to talk to Slack."""

    api_url: str
    timeout_ms: int
    in_flight: int


@dataclass(slots=True)
class Child:
    """What a child has in hand: the messages that are rendered, by job."""

    client: Any
    writer: asyncio.StreamWriter
    rendered: dict[int, tuple[str, Message]] = field(default_factory=dict)
    tokens: dict[str, tuple[float, str]] = field(default_factory=dict)
    running: set[asyncio.Task[None]] = field(default_factory=set)

    def hear(self, saying: dict[str, Any]) -> None:
        """Do what the parent says; what takes time goes on beside the others."""
        verbs: dict[str, Callable[[dict[str, Any]], Awaitable[None]]] = {
            "render": self.render,
            "send": self.send,
            "look_up": self.look_up,
        }
        if saying["do"] == "drop":
            self.rendered.pop(saying["job"], None)
            return
        task = asyncio.ensure_future(verbs[saying["do"]](saying))
        self.running.add(task)
        task.add_done_callback(self.running.discard)

    def say(self, **saying: Any) -> None:
        self.writer.write(spoken(saying))

    async def render(self, saying: dict[str, Any]) -> None:
        """Render a report and find the token it will need; both are kept until `send` or `drop`."""
        from schedbot import reports

        job = saying["job"]
        try:
            token = await self.token(TokenSource(**saying["source"]))
            message = reports.render(Report(**saying["report"]), context_of(saying["context"]))
        except TokenUnavailable as error:
            self.say(did="no_token", job=job, why=str(error))
        except ReportFailed as error:
            self.say(did="not_rendered", job=job, why=str(error))
        except Exception as error:
            # A template may fail in any way; it ends its own attempt alone.
            self.say(did="not_rendered", job=job, why=f"{type(error).__name__}: {error}"[:300])
        else:
            self.rendered[job] = (token, message)
            self.say(did="rendered", job=job)

    async def send(self, saying: dict[str, Any]) -> None:
        """Post a rendered message, unless the window in which it may start has passed."""
        job = saying["job"]
        token, message = self.rendered.pop(job)
        if time.monotonic() * 1000 > saying["before"]:
            reply = Reply(Outcome.LOST_UNSENT, "window_passed")
        else:
            reply = await self.client.post(token, saying["channel"], message, Stamp(**saying["stamp"]))
        if reply.outcome is Outcome.TOKEN_REFUSED:
            self.tokens.clear()
        self.say(did="sent", job=job, reply=asdict(reply))

    async def look_up(self, saying: dict[str, Any]) -> None:
        """Ask a channel's history for some posts."""
        from schedbot.slack import arrivals

        sought = [arrivals.Sought(Stamp(**one["stamp"]), one["sent_at"], one["until_at"]) for one in saying["sought"]]
        try:
            token = await self.token(TokenSource(**saying["source"]))
        except TokenUnavailable as error:
            self.say(did="no_history", ask=saying["ask"], why=str(error))
            return
        fates = await arrivals.look_up_many(self.client, token, saying["channel"], sought, resume=saying["resume"])
        self.say(did="looked_up", ask=saying["ask"], fates=[asdict(fates[one.stamp]) for one in sought])

    async def token(self, source: TokenSource) -> str:
        """The token, read where it is kept; a command's answer holds for a while. Raises TokenUnavailable."""
        from schedbot.slack import tokens

        if source.kind != "command":
            return tokens.find(source)
        known_at, token = self.tokens.get(source.place, (0.0, ""))
        if not token or time.monotonic() - known_at > COMMAND_HOLDS_S:
            token = await asyncio.to_thread(tokens.find, source)
            self.tokens[source.place] = (time.monotonic(), token)
        return token


def context_of(said: dict[str, Any]) -> dict[str, Any]:
    """What a template may use, from what came over the wire."""
    from schedbot.reports.context import context

    return context(**said)


def run(end: socket.socket, conditions: Conditions) -> None:
    """A child's life. Signals are the parent's business: the end of the socket ends the child."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    asyncio.run(live(end, conditions))


async def live(end: socket.socket, conditions: Conditions) -> None:
    """Hear the parent until it is gone."""
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
