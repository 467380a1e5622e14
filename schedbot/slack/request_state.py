"""Progress of a request, and the outcome of a request that ends without a response.

Rules: before the first byte left, nothing can have been posted; after it, only the history can tell. A request that is
given up is taken back: no byte of it that is still on this machine leaves later.
Sources: aiohttp's classes of errors, https://docs.aiohttp.org/en/stable/client_reference.html#client-exceptions
"""

import asyncio
import errno
import zlib
from contextvars import ContextVar

import aiohttp
from aiohttp.connector import Connection

from schedbot.model import AttemptResult, Outcome
from schedbot.slack import machine_errors
from schedbot.slack.connections import GuardedConnection
from schedbot.slack.posting.start_times import StartPassed

MAX_BODY_BYTES = 1 << 20  # decompressed
GZIP_OR_ZLIB = zlib.MAX_WBITS | 32


class RequestState:
    """Progress of a request: `has_left` once its first byte may have left, `status` once the response has begun."""

    __slots__ = ("date", "has_left", "is_written", "status", "transport")

    def __init__(self) -> None:
        self.has_left = False
        self.is_written = False
        self.status: int | None = None
        self.date: str | None = None
        self.transport: asyncio.Transport | None = None

    def give_up(self) -> None:
        """Abort a connection that is being closed, because closing would first send its buffer."""
        if self.transport is not None and self.transport.is_closing():
            self.transport.abort()


# State of the request in the present context, because slack_sdk stands between the client and aiohttp.
REQUEST_STATE: ContextVar[RequestState] = ContextVar("REQUEST_STATE")


# aiohttp's tracing gives the same at several times the cost.
class TrackedRequest(aiohttp.ClientRequest):
    """A request that updates its state before it writes. No redirect is followed: its target is not Slack."""

    async def send(self, conn: Connection) -> aiohttp.ClientResponse:
        """Write the request to `conn`."""
        state = REQUEST_STATE.get()
        if state.is_written:
            raise aiohttp.ClientConnectionError("a redirect is not followed")
        state.has_left = state.is_written = True
        state.transport = conn.transport
        if isinstance(conn.protocol, GuardedConnection):
            conn.protocol.response = None
        return await super().send(conn)


class TrackedResponse(aiohttp.ClientResponse):
    """A response that updates the request's state when its head has been read."""

    async def start(self, connection: Connection) -> aiohttp.ClientResponse:
        """Read the head of the response."""
        protocol = connection.protocol
        response = await super().start(connection)
        if isinstance(protocol, GuardedConnection):
            protocol.response = response
        state = REQUEST_STATE.get()
        state.status, state.date = response.status, response.headers.get("Date")
        return response

    async def read(self) -> bytes:
        """Return the body, at most MAX_BODY_BYTES. Raises ResponseTooLarge."""
        if self._body is None:
            received = bytearray()
            try:
                while chunk := await self.content.readany():
                    received += chunk
                    if len(received) > MAX_BODY_BYTES:
                        raise ResponseTooLarge
                self._body = decompress(bytes(received), self.headers.get("Content-Encoding", ""))
            except BaseException:
                self.close()
                raise
        return self._body


class ResponseTooLarge(Exception):
    """The body of a response has more than MAX_BODY_BYTES."""


def decompress(body: bytes, encoding: str) -> bytes:
    """Return the decompressed body. Raises ResponseTooLarge before more than MAX_BODY_BYTES are made of it."""
    if encoding.lower() not in ("gzip", "x-gzip", "deflate"):
        return body
    inflated = zlib.decompressobj(GZIP_OR_ZLIB).decompress(body, MAX_BODY_BYTES + 1)
    if len(inflated) > MAX_BODY_BYTES:
        raise ResponseTooLarge
    return inflated


def classify_exception(error: Exception, state: RequestState) -> AttemptResult:
    """Return the result of a request that ended in an exception: not posted, or of unknown outcome."""
    if state.has_left:
        return _classify_sent(error, state.status)
    if isinstance(error, StartPassed):
        return AttemptResult(Outcome.LOST_UNSENT, "window_passed")
    if machine_error := machine_errors.find_code(error):
        return AttemptResult(Outcome.LOST_UNSENT, machine_error)
    return AttemptResult(Outcome.NOT_POSTED, _classify_unsent(error))


def _classify_sent(error: Exception, status: int | None) -> AttemptResult:
    if status == 429:
        return AttemptResult(Outcome.RATE_LIMITED, "ratelimited", None, status, 30_000)
    if status is not None and status >= 300:
        return AttemptResult(Outcome.UNKNOWN, f"http_{status}", None, status)
    if isinstance(error, TimeoutError):
        return AttemptResult(Outcome.UNKNOWN, "timeout", None, status)
    if isinstance(error, OSError | aiohttp.ClientConnectionError | aiohttp.ClientPayloadError):
        return AttemptResult(Outcome.UNKNOWN, "connection_lost", None, status)
    error_code = "too_large" if isinstance(error, ResponseTooLarge) else "not_json"
    return AttemptResult(Outcome.UNKNOWN, error_code, None, status)


def _classify_unsent(error: Exception) -> str:
    match error:
        case TimeoutError():
            return "connect_timeout"
        case aiohttp.ClientSSLError() | aiohttp.ServerFingerprintMismatch():
            return "tls"
        case aiohttp.ClientConnectorDNSError():
            return "dns"
        case aiohttp.InvalidURL() | aiohttp.NonHttpUrlClientError():
            return "bad_api_url"
        case aiohttp.ClientOSError(errno=errno.ECONNREFUSED):
            return "connection_refused"
    return "connection_failed"
