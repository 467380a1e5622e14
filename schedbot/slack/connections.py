"""Connections to Slack: bytes that arrive while a kept-alive connection is idle close it.

Otherwise aiohttp takes them for the response to the next request, and a post counts as sent that was never made.
"""

import asyncio
import select
from functools import partial
from typing import Any

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection


class GuardedConnection(ResponseHandler):
    """The protocol of a connection. `response` is the last whose head was read; None while a request waits for one."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self.response: aiohttp.ClientResponse | None = None

    @property
    def is_idle(self) -> bool:
        """Has the last response been read to its end?"""
        return self.response is not None and self.response.connection is None

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
        """Return an unused connection, or a new one."""
        while True:
            connection = await super().connect(*args, **kwargs)
            protocol = connection.protocol
            if not (isinstance(protocol, GuardedConnection) and protocol.is_idle and has_unread_bytes(connection)):
                return connection
            connection.close()


def has_unread_bytes(connection: Connection) -> bool:
    """Do bytes, or the end of the connection, wait in the system's buffer?"""
    if connection.transport is None:
        return True
    poll = select.poll()
    poll.register(connection.transport.get_extra_info("socket"), select.POLLIN)
    return bool(poll.poll(0))
