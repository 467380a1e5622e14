"""Poster: a child that sends many posts at once over one kept-alive session, and looks posts up in channel histories.

It never opens the database. It posts only on request, and only before the request's `start_before`: a poster that was
stopped meanwhile answers `lost_unsent`. When the pool is gone it exits at once, whatever is in flight.
"""

import asyncio
import os
import socket
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from schedbot.clock import steady_ms
from schedbot.errors import TokenUnavailable
from schedbot.model import TOKEN_UNAVAILABLE, AttemptResult, Outcome
from schedbot.slack import error_codes, machine_errors
from schedbot.worker.children.token_cache import TokenCache
from schedbot.worker.protocol import (
    ChildRequest,
    ChildResponse,
    LookUpFailed,
    LookUpRequest,
    LookUpResponse,
    PostRequest,
    PostResponse,
    Ready,
    decode_request,
    encode,
)

if TYPE_CHECKING:
    from schedbot.slack.client import SlackClient

LONGEST_LINE = 1 << 26
LONGEST_REASON = 300
# The environment of a process never changes; a file or the output of a command does.
CHANGING_SOURCES = frozenset({"file", "command"})


def run(end: socket.socket, api_url: str, timeout_ms: int, in_flight: int) -> None:
    """Run a poster until the pool closes the socket."""
    asyncio.run(serve(end, api_url, timeout_ms, in_flight))


async def serve(end: socket.socket, api_url: str, timeout_ms: int, in_flight: int) -> None:
    """Answer requests until the pool is gone, then exit."""
    # Loaded now, since an upgrade may replace the files later.
    from schedbot.slack import history_lookup, tokens  # noqa: F401
    from schedbot.slack.client import SlackClient

    reader, writer = await asyncio.open_connection(sock=end, limit=LONGEST_LINE)
    async with SlackClient(api_url, timeout_ms, in_flight) as client:
        poster = Poster(client, writer)
        poster.send(Ready())
        while line := await reader.readline():
            poster.receive(decode_request(line))
        # The pool is gone: nothing may be posted without a record.
        os._exit(0)


@dataclass(slots=True)
class Poster:
    """A poster's Slack client, the connection to the pool, and the requests that run."""

    client: "SlackClient"
    writer: asyncio.StreamWriter
    tokens: TokenCache = field(default_factory=TokenCache)
    running: set[asyncio.Task[None]] = field(default_factory=set)

    def receive(self, request: ChildRequest) -> None:
        """Start to answer a request, beside the others."""
        match request:
            case PostRequest():
                task = asyncio.ensure_future(self.post(request))
            case LookUpRequest():
                task = asyncio.ensure_future(self.look_up(request))
            case _:
                raise TypeError(f"a poster does not answer {type(request).__name__}")
        self.running.add(task)
        task.add_done_callback(self.running.discard)

    def send(self, response: ChildResponse) -> None:
        self.writer.write(encode(response))

    async def post(self, request: PostRequest) -> None:
        """Post a message, unless its start is too late or its token unavailable."""
        is_token_rotated = False
        try:
            token = await self.tokens.get(request.source, rereads=request.rereads_token)
        except Exception as error:
            result = explain_missing_token(error)
            is_token_awaited = result.error == TOKEN_UNAVAILABLE and request.source.kind in CHANGING_SOURCES
            self.send(PostResponse(request.key, result, is_token_awaited=is_token_awaited))
            return
        try:
            result = await self.call_slack(token, request)
            if result.outcome is Outcome.TOKEN_REFUSED:
                is_token_rotated = await self.is_token_rotated(request, token)
        except Exception as error:
            # The pool must learn of every end, since the request may have left.
            result = AttemptResult(Outcome.UNKNOWN, "worker_lost", detail=describe(error))
        self.send(PostResponse(request.key, result, is_token_rotated, self.client.take_clock_offset()))

    async def call_slack(self, token: str, request: PostRequest) -> AttemptResult:
        if steady_ms() > request.start_before:
            return AttemptResult(Outcome.LOST_UNSENT, "window_passed")
        return await self.client.post(token, request.channel, request.message, request.metadata, request.options)

    async def look_up(self, request: LookUpRequest) -> None:
        """Look for posts in a channel's history."""
        try:
            token = await self.tokens.get(request.source, rereads=request.rereads_token)
        except TokenUnavailable as error:
            self.send(LookUpFailed(request.number, str(error)))
            return
        try:
            response = await self.search_history(token, request)
        except Exception as error:
            self.send(LookUpFailed(request.number, describe(error)))
            return
        self.send(response)

    async def search_history(self, token: str, request: LookUpRequest) -> LookUpResponse:
        """Return an answer for each post of the request."""
        from schedbot.slack import history_lookup as history

        place = {"thread_ts": request.thread_ts, "resume": request.resume}
        answers = await history.look_up(self.client, token, request.channel, request.posts, **place)
        is_refused = any(error_codes.is_token_refused(answer.error) for answer in answers.values())
        is_token_rotated = is_refused and await self.is_token_rotated(request, token)
        if is_token_rotated:
            answers = {metadata: history.retry_if_token_refused(answer) for metadata, answer in answers.items()}
        ordered = tuple(answers[post.metadata] for post in request.posts)
        return LookUpResponse(request.number, ordered, is_token_rotated, self.client.take_clock_offset())

    async def is_token_rotated(self, request: PostRequest | LookUpRequest, refused: str) -> bool:
        """Does the source hold another token than the refused one?

        If so, the next attempt reads it again; a second refusal in a row is no rotation.
        """
        self.tokens.forget(request.source, refused)
        return not request.rereads_token and await self.tokens.has_other_token(request.source, refused)


def explain_missing_token(error: Exception) -> AttemptResult:
    """Return the result of a post whose token could not be read: nothing has left."""
    if machine_error := machine_errors.find_code(error):
        return AttemptResult(Outcome.LOST_UNSENT, machine_error, detail=describe(error))
    if isinstance(error, TokenUnavailable):
        return AttemptResult(Outcome.TOKEN_REFUSED, TOKEN_UNAVAILABLE, detail=str(error))
    return AttemptResult(Outcome.LOST_UNSENT, "lost_unsent", detail=describe(error))


def describe(error: Exception) -> str:
    """Return an unexpected error in one line."""
    return f"{type(error).__name__}: {error}"[:LONGEST_REASON]
