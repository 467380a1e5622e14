"""Between us and Slack stands something whose `Date` is wrong: messages have Slack's own instants all the same."""

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit, urlunsplit

import pytest

from tests.support.app import App, until

WITHIN = 40  # s: a pool starts, and a lost answer is waited for
DATE = re.compile(rb"Date: [^\r]+ GMT")


def carry(source: socket.socket, sink: socket.socket, lie: bytes) -> None:
    """What comes from one side goes to the other, with another date."""
    with suppress(OSError):
        while chunk := source.recv(65_536):
            sink.sendall(DATE.sub(b"Date: " + lie, chunk))
    sink.close()


@contextmanager
def way_to(api_url: str, lie: bytes) -> Iterator[str]:
    """Another address for the API, by which all answers have the same date."""
    target = urlsplit(api_url)
    door = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        with suppress(OSError):
            while True:
                here, _ = door.accept()
                there = socket.create_connection((target.hostname or "", target.port or 0))
                for source, sink in ((here, there), (there, here)):
                    threading.Thread(target=carry, args=(source, sink, lie), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    yield urlunsplit(target._replace(netloc=f"127.0.0.1:{door.getsockname()[1]}"))
    door.close()


@pytest.mark.parametrize("lie", [b"Thu, 01 Jan 2026 00:00:00 GMT", b"Thu, 01 Jan 2037 00:00:00 GMT"])
def test_a_post_is_found_whatever_date_an_answer_has(app: App, lie: bytes) -> None:
    app.add_due_jobs(1)
    with way_to(app.sandbox.api_url, lie) as api_url:
        app.start("work", "--processes", "1", SCHEDBOT_SLACK_API_URL=api_url)
        until(lambda: app.states() == {"succeeded": 1}, within=WITHIN)
        app.slack.order("drop_after")
        app.run("run-now", "report-0")
        until(lambda: app.states() == {"succeeded": 2}, within=WITHIN)
    assert len(app.posts()) == 2
