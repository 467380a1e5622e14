"""What a request's silence means: by how far it came, and by what broke.

Rules: before the first byte left, nothing can have been posted; after it, nobody knows until the history is asked.
What is given up is taken back: no byte of it that is still on this machine leaves later.
Sources: aiohttp's classes of errors, https://docs.aiohttp.org/en/stable/client_reference.html#client-exceptions;
SO_LINGER in socket(7)
"""

import asyncio
import errno
import socket
import struct
from contextvars import ContextVar

import aiohttp
from aiohttp.connector import Connection

from schedbot.model import AttemptResult, Outcome

# Closed by a reset. Else the system goes on sending what it holds when the network is back, long after the history was
# asked, though the process be gone.
AT_ONCE = struct.pack("ii", 1, 0)


class Flight:
    """How far a request came: `left` once its first byte may have, `status` once an answer's head is here."""

    __slots__ = ("date", "left", "once", "status", "transport")

    def __init__(self) -> None:
        self.left = False
        self.once = False
        self.status: int | None = None
        self.date: str | None = None
        self.transport: asyncio.Transport | None = None

    def give_up(self) -> None:
        """Let nothing more leave by a connection that is being closed: its own buffer would be emptied first."""
        if self.transport is not None and self.transport.is_closing():
            self.transport.abort()


# The flight of the request that the present context makes: slack_sdk stands between us and aiohttp.
FLIGHT: ContextVar[Flight] = ContextVar("FLIGHT")


# aiohttp's tracing tells the same at several times the price.
class TellingRequest(aiohttp.ClientRequest):
    """A request that tells its flight before it writes; a POST is written once, whatever an answer redirects it to."""

    async def send(self, conn: Connection) -> aiohttp.ClientResponse:
        """Write the request to `conn`."""
        flight = FLIGHT.get()
        if flight.once:
            raise aiohttp.ClientConnectionError("a POST is not sent on")
        flight.left, flight.once, flight.transport = True, self.method == "POST", conn.transport
        if conn.transport is not None:
            conn.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
        return await super().send(conn)


class TellingResponse(aiohttp.ClientResponse):
    """A response that tells its flight when its head is here."""

    async def start(self, connection: Connection) -> aiohttp.ClientResponse:
        """Read the head of the answer."""
        response = await super().start(connection)
        flight = FLIGHT.get()
        flight.status, flight.date = response.status, response.headers.get("Date")
        return response


def silence(error: Exception, flight: Flight) -> AttemptResult:
    """The reply that stands for an exception: why nothing was posted, or why nobody knows."""
    if flight.left:
        return _after(error, flight.status)
    return AttemptResult(Outcome.NOT_POSTED, _before(error))


def _after(error: Exception, status: int | None) -> AttemptResult:
    if status == 429:
        return AttemptResult(Outcome.RATE_LIMITED, "ratelimited", None, status, 30_000)
    if status is not None and status >= 300:
        return AttemptResult(Outcome.UNKNOWN, f"http_{status}", None, status)
    if isinstance(error, TimeoutError):
        return AttemptResult(Outcome.UNKNOWN, "timeout", None, status)
    if isinstance(error, OSError | aiohttp.ClientConnectionError | aiohttp.ClientPayloadError):
        return AttemptResult(Outcome.UNKNOWN, "connection_lost", None, status)
    return AttemptResult(Outcome.UNKNOWN, "not_json", None, status)


def _before(error: Exception) -> str:
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
