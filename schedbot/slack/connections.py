"""Connections to Slack: bytes that arrive while a kept-alive connection is idle close it.

Otherwise aiohttp takes them for the response to the next request, and a post counts as sent that was never made. A
request whose start is still to come waits here, with everything at hand that it needs.
Source of SO_LINGER: socket(7)
"""

import asyncio
import select
import socket
import struct
from functools import partial
from typing import Any

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection

from schedbot.slack.posting.start_times import START, Start

# Close a connection by a reset. Otherwise the system sends buffered bytes when the network is back, long after the
# look-up and even after the process has ended.
LINGER_ZERO = struct.pack("ii", 1, 0)


class GuardedConnection(ResponseHandler):
    """The protocol of a connection. `response` is the last whose head was read; None while a request waits for one."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self.response: aiohttp.ClientResponse | None = None
        self._poll = select.poll()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Prepare the socket of a new connection."""
        super().connection_made(transport)
        end = transport.get_extra_info("socket")
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_ZERO)
        self._poll.register(end, select.POLLIN)

    @property
    def is_idle(self) -> bool:
        """Has the last response been read to its end?"""
        return self.response is not None and self.response.connection is None

    def is_unused(self) -> bool:
        """Is the connection open, with no bytes received since the last response, also in the system's buffer?"""
        return self.is_connected() and not self.should_close and not self._poll.poll(0)

    def data_received(self, data: bytes) -> None:
        """Pass the bytes on; close an idle connection."""
        if data and self.is_idle:
            self.close()
        else:
            super().data_received(data)


class GuardedConnector(aiohttp.TCPConnector):
    """Keeps connections alive, and reuses none on which bytes have arrived since its last response."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        factory: Any = partial(GuardedConnection, loop=self._loop)
        self._factory = factory

    async def connect(self, *args: Any, **kwargs: Any) -> Connection:
        """Return an unused connection, or a new one, not before the start of the request."""
        start = START.get()
        while True:
            connection = await super().connect(*args, **kwargs)
            protocol = connection.protocol
            if not isinstance(protocol, GuardedConnection):
                return connection
            has_waited = start is not None and await wait_with(connection, start)
            is_unused = protocol.is_unused() if has_waited or protocol.is_idle else True
            if is_unused:
                return connection
            connection.close()


async def wait_with(connection: Connection, start: Start) -> bool:
    """Wait for the start with the connection reserved. Return whether it waited; an error closes the connection."""
    if not start.is_ahead:
        return False
    try:
        await start.wait()
    except BaseException:
        connection.close()
        raise
    return True
