"""An HTTP server on loopback with scripted replies, invalid ones too."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

TLS_HELLO = b"\x16"
POSTED = {"ok": True, "channel": "C0123456789", "ts": "1700000000.000100", "message": {"text": "hello"}}


@dataclass(frozen=True)
class RawRequest:
    """A request as the server received it."""

    method: str
    headers: dict[str, str]
    body: dict[str, Any]
    content: bytes = b""


Responder = Callable[[RawRequest, asyncio.StreamWriter], Awaitable[None]]


def reply_with(answer: Mapping[str, Any] | bytes, status: int = 200, **headers: str) -> Responder:
    """Return a responder that sends `answer`: JSON, or bytes as they are."""
    raw = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    head = {"Content-Type": "application/json", "Content-Length": str(len(raw))} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())

    async def responder(_request: RawRequest, out: asyncio.StreamWriter) -> None:
        out.write(f"HTTP/1.1 {status} Reply\r\n{lines}\r\n".encode() + raw)

    return responder


async def hang_up(_request: RawRequest, out: asyncio.StreamWriter) -> None:
    """Close the connection without an answer."""
    out.close()


async def break_off(_request: RawRequest, out: asyncio.StreamWriter) -> None:
    """Send half a reply and close the connection."""
    out.write(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{"ok": true, "ts"')
    await out.drain()
    out.close()


async def stall(_request: RawRequest, _out: asyncio.StreamWriter) -> None:
    """Never reply."""
    await asyncio.Event().wait()


@dataclass
class RawServer:
    """The server: its responders in order (the last is used again and again), and the received requests."""

    responders: list[Responder]
    api_url: str = ""
    requests: list[RawRequest] = field(default_factory=list)
    connections: int = 0

    async def serve(self, reader: asyncio.StreamReader, out: asyncio.StreamWriter) -> None:
        """Serve the requests of a connection."""
        self.connections += 1
        with suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            while not out.is_closing():
                opening = await reader.readexactly(1)
                if opening == TLS_HELLO:
                    out.write(b"HTTP/1.1 400 Plain HTTP Is Spoken Here\r\n\r\n")
                    break
                request = await _read(reader, opening)
                self.requests.append(request)
                responder = self.responders[min(len(self.requests), len(self.responders)) - 1]
                await responder(request, out)
        out.close()


@asynccontextmanager
async def raw_server(*responders: Responder) -> AsyncIterator[RawServer]:
    """Run a server with these responders, by default with a successful post."""
    slack = RawServer(list(responders) or [reply_with(POSTED)])
    server = await asyncio.start_server(slack.serve, "127.0.0.1", 0)
    slack.api_url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/api/"
    try:
        yield slack
    finally:
        server.close()


async def _read(reader: asyncio.StreamReader, opening: bytes) -> RawRequest:
    first, *lines = (opening + await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    raw = await reader.readexactly(int(headers.get("content-length", "0")))
    target = urlsplit(first.split()[1])
    is_form = headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
    query = parse_qs(raw.decode() if is_form and raw else target.query)
    fields = {name: values[0] for name, values in query.items()}
    body = json.loads(raw) if raw.startswith(b"{") else fields
    return RawRequest(target.path.rsplit("/", 1)[-1], headers, body, b"" if is_form else raw)
