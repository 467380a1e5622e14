"""A proxy that answers with a wrong `Date` header: posts are found by Slack's own instants."""

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit, urlunsplit

import pytest

from tests.support.app import App, until

pytestmark = pytest.mark.slow

WITHIN = 40  # s: a pool starts, and waits for a lost answer
DATE = re.compile(rb"Date: [^\r]+ GMT")


def copy(source: socket.socket, sink: socket.socket, date: bytes) -> None:
    """Copy bytes from one side to the other, with another date."""
    with suppress(OSError):
        while chunk := source.recv(65_536):
            sink.sendall(DATE.sub(b"Date: " + date, chunk))
    sink.close()


@contextmanager
def date_proxy(api_url: str, date: bytes) -> Iterator[str]:
    """Yield the address of a proxy to the API whose answers all have the same date."""
    target = urlsplit(api_url)
    listener = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                server = socket.create_connection((target.hostname or "", target.port or 0))
                for source, sink in ((client, server), (server, client)):
                    threading.Thread(target=copy, args=(source, sink, date), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    yield urlunsplit(target._replace(netloc=f"127.0.0.1:{listener.getsockname()[1]}"))
    listener.close()


@pytest.mark.parametrize("date", [b"Thu, 01 Jan 2026 00:00:00 GMT", b"Thu, 01 Jan 2037 00:00:00 GMT"])
def test_wrong_date_header_loses_no_post(app: App, date: bytes) -> None:
    app.add_due_jobs(1)
    with date_proxy(app.sandbox.api_url, date) as api_url:
        app.start("work", "--processes", "1", SCHEDBOT_SLACK_API_URL=api_url)
        until(lambda: app.states() == {"succeeded": 1}, within=WITHIN)
        app.slack.order("drop_after")
        app.run("run-now", "report-0")
        until(lambda: app.states() == {"succeeded": 2}, within=WITHIN)
    assert len(app.posts()) == 2
