"""Poster: a child that sends many posts at once over one kept-alive session, and looks posts up in channel histories.

It never opens the database. It posts only on request, and only from the request's `start_at` to its `start_before`: a
poster that was stopped meanwhile answers `lost_unsent`. When the pool is gone it exits at once, whatever is in flight.
"""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import TYPE_CHECKING

from schedbot.clock import steady_ms
from schedbot.errors import TokenUnavailable
from schedbot.model import TOKEN_UNAVAILABLE, AttemptResult, Outcome
from schedbot.posts import FILES_SCOPE
from schedbot.slack import error_codes, machine_errors
from schedbot.slack.posting.start_times import START, Start, StartTimes
from schedbot.slack.token_stores.place import RotationSettings
from schedbot.worker import process_limits
from schedbot.worker.children.token_cache import TokenCache, TokenCommands
from schedbot.worker.post_protocol import PostRequest, PostResponse
from schedbot.worker.protocol import (
    ChildRequest,
    ChildResponse,
    LookUpFailed,
    LookUpRequest,
    LookUpResponse,
    OpenRequest,
    OpenResponse,
    PosterRequest,
    Ready,
    ShareRequest,
    UploadRequest,
    UploadResponse,
    decode_requests,
    encode_responses,
)

if TYPE_CHECKING:
    from schedbot.slack.client import SlackClient

LONGEST_LINE = 1 << 26
LONGEST_REASON = 300
# The environment of a process never changes; a file, the output of a command or a token store does.
CHANGING_SOURCES = frozenset({"file", "command", "store"})


def run(end: socket.socket, slack: RotationSettings, in_flight: int) -> None:
    """Run a poster until the pool closes the socket."""
    asyncio.run(serve(end, slack, in_flight))


async def serve(end: socket.socket, slack: RotationSettings, in_flight: int) -> None:
    """Answer requests until the pool is gone, then exit."""
    # Loaded now, since an upgrade may replace the files later.
    from schedbot.slack import files, tokens  # noqa: F401
    from schedbot.slack.client import SlackClient
    from schedbot.slack.history import lookup  # noqa: F401
    from schedbot.slack.methods import direct_messages  # noqa: F401

    reader, writer = await asyncio.open_connection(sock=end, limit=LONGEST_LINE)
    async with SlackClient(slack.api_url, slack.timeout_ms, in_flight) as client:
        poster = Poster(client, writer, asyncio.Semaphore(in_flight), TokenCache(TokenCommands(slack)))
        process_limits.delay_garbage_collection()
        poster.send(Ready())
        while line := await reader.readline():
            for request in decode_requests(line):
                poster.receive(request)
        # The pool is gone: nothing may be posted without a record.
        os._exit(0)


@dataclass(frozen=True, slots=True)
class CallEnd:
    """End of a request to Slack: the result of an attempt, or a file's id; the flags are as in PostResponse."""

    result: AttemptResult | str
    is_token_rotated: bool = False
    is_token_awaited: bool = False


@dataclass(slots=True)
class Poster:
    """A poster's Slack client, the connection to the pool, and the requests that run, or wait for a slot."""

    client: "SlackClient"
    writer: asyncio.StreamWriter
    slots: asyncio.Semaphore
    tokens: TokenCache = field(default_factory=TokenCache)
    start_times: StartTimes = field(default_factory=StartTimes)
    numbers: "count[int]" = field(default_factory=count)
    running: set[asyncio.Task[None]] = field(default_factory=set)
    unsent: list[ChildResponse] = field(default_factory=list)

    def receive(self, request: ChildRequest) -> None:
        """Start to answer a request, beside the others."""
        match request:
            case PostRequest() | ShareRequest():
                task = asyncio.ensure_future(self.post(request))
            case UploadRequest():
                task = asyncio.ensure_future(self.upload(request))
            case OpenRequest():
                task = asyncio.ensure_future(self.open_conversation(request))
            case LookUpRequest():
                task = asyncio.ensure_future(self.look_up(request))
            case _:
                raise TypeError(f"a poster does not answer {type(request).__name__}")
        self.running.add(task)
        task.add_done_callback(self.running.discard)

    def send(self, response: ChildResponse) -> None:
        """Send a response, together with the others of this turn of the event loop: the pool takes them at once."""
        if not self.unsent:
            asyncio.get_running_loop().call_soon(self.flush)
        self.unsent.append(response)

    def flush(self) -> None:
        """Write the responses that wait."""
        responses, self.unsent = self.unsent, []  # first: responses that cannot be encoded must not keep back others
        self.writer.write(encode_responses(responses))

    async def post(self, request: PostRequest | ShareRequest) -> None:
        """Post a message or share a file, unless its start is too late or its token unavailable.

        Token, request and connection are ready before the start. The response is never sent before it.
        """
        number = next(self.numbers)
        if request.start_at:
            START.set(Start(self.start_times, request.start_at, request.start_before, number))
        async with self.slots:
            end = await self.call_with_token(request, partial(self.call_slack, request))
            await self.start_times.wait_for(request.start_at, number)
        result = end.result if isinstance(end.result, AttemptResult) else AttemptResult(Outcome.UNKNOWN, "worker_lost")
        offset_ms = self.client.take_clock_offset()
        self.send(PostResponse(request.key, result, end.is_token_rotated, offset_ms, end.is_token_awaited))

    async def upload(self, request: UploadRequest) -> None:
        """Upload a file."""
        from schedbot.slack import files

        end = await self.call_with_token(request, lambda token: files.upload(self.client, token, request.file))
        file_id, result = (end.result, None) if isinstance(end.result, str) else ("", files.end_upload(end.result))
        offset_ms = self.client.take_clock_offset()
        response = UploadResponse(request.key, file_id, result, end.is_token_rotated, offset_ms, end.is_token_awaited)
        self.send(response)

    async def open_conversation(self, request: OpenRequest) -> None:
        """Open the direct message with a user."""
        from schedbot.slack.methods import direct_messages

        open_it = partial(direct_messages.open_conversation, self.client, user=request.user)
        end = await self.call_with_token(request, open_it)
        if isinstance(end.result, str):
            self.send(OpenResponse(request.key, end.result))
            return
        offset_ms = self.client.take_clock_offset()
        refusal = PostResponse(request.key, end.result, end.is_token_rotated, offset_ms, end.is_token_awaited)
        self.send(OpenResponse(request.key, refusal=refusal))

    async def call_with_token(
        self,
        request: PostRequest | ShareRequest | UploadRequest | OpenRequest,
        call: Callable[[str], Awaitable[AttemptResult | str]],
    ) -> CallEnd:
        """Call Slack with the token of the request's source. Never raises: the pool must learn of every end."""
        try:
            token = await self.tokens.get(request.source, rereads=request.rereads_token)
        except Exception as error:
            result = explain_missing_token(error)
            is_awaited = result.error == TOKEN_UNAVAILABLE and request.source.kind in CHANGING_SOURCES
            return CallEnd(result, is_token_awaited=is_awaited)
        is_rotated = False
        try:
            value = await call(token)
            if isinstance(value, AttemptResult) and value.outcome is Outcome.TOKEN_REFUSED:
                is_rotated = await self.is_token_rotated(request, token)
        except Exception as error:  # the request may have left
            return CallEnd(AttemptResult(Outcome.UNKNOWN, "worker_lost", detail=describe(error)))
        return CallEnd(value, is_rotated)

    async def call_slack(self, request: PostRequest | ShareRequest, token: str) -> AttemptResult:
        if steady_ms() > request.start_before:
            return AttemptResult(Outcome.LOST_UNSENT, "window_passed")
        if isinstance(request, ShareRequest):
            from schedbot.slack import files

            return await files.share(
                self.client, token, request.file_id, request.title, request.channel, request.thread_ts
            )
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
        from schedbot.slack import files
        from schedbot.slack.history import lookup

        if request.file_id:
            answer = await files.look_up_share(self.client, token, request.file_id, request.channel)
            if answer.error == FILES_SCOPE:
                answer = await lookup.find_file(
                    self.client, token, request.channel, request.posts[0], request.file_id, request.thread_ts
                )
            return LookUpResponse(request.number, (answer,), False, self.client.take_clock_offset())
        place = {"thread_ts": request.thread_ts, "resume": request.resume}
        answers = await lookup.look_up(self.client, token, request.channel, request.posts, **place)
        is_refused = any(error_codes.is_token_refused(answer.error) for answer in answers.values())
        is_token_rotated = is_refused and await self.is_token_rotated(request, token)
        if is_token_rotated:
            answers = {metadata: lookup.retry_if_token_refused(answer) for metadata, answer in answers.items()}
        ordered = tuple(answers[post.metadata] for post in request.posts)
        return LookUpResponse(request.number, ordered, is_token_rotated, self.client.take_clock_offset())

    async def is_token_rotated(self, request: PosterRequest, refused: str) -> bool:
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
