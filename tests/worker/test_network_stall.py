"""A network that stands still for a while and then delivers: what the machine still holds of a request must not arrive
once the attempt is given up, or the message is there after its history was asked.
"""

import json
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

from tests.support.app import App, until
from tests.support.sql import read_value

WITHIN = 40  # s: a pool starts, and a lost answer is waited for
SMALL = 1024  # a window that a request does not fit into: the rest waits on the sender's side
BLOCK = {"type": "section", "text": {"type": "mrkdwn", "text": "\u2603" * 3_000}}


def carry(source: socket.socket, sink: socket.socket) -> None:
    """What comes from one side goes to the other. That one hangs up is not told: a load balancer does not either."""
    with suppress(OSError):
        while chunk := source.recv(65_536):
            sink.sendall(chunk)


@contextmanager
def way_to(api_url: str, goes_on: threading.Event, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Another address for the API; its first connection stands still until `goes_on`."""
    target = urlsplit(api_url)
    door = socket.socket()
    door.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
    door.bind(("127.0.0.1", 0))
    door.listen()

    def serve(here: socket.socket, stalls: bool) -> None:
        here = tls.wrap_socket(here, server_side=True) if tls else here
        if stalls:
            goes_on.wait()
        there = socket.create_connection((target.hostname or "", target.port or 0))
        threading.Thread(target=carry, args=(there, here), daemon=True).start()
        carry(here, there)

    def accept() -> None:
        for number in range(1_000):
            here, _ = door.accept()
            threading.Thread(target=serve, args=(here, number == 0), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    place = {"scheme": "https" if tls else "http", "netloc": f"localhost:{door.getsockname()[1]}"}
    yield urlunsplit(target._replace(**place))
    goes_on.set()


def certificate(folder: Path) -> Path:
    """A new certificate for localhost, with its key."""
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl")
    file = folder / "localhost.pem"
    names = "-subj /CN=localhost -addext subjectAltName=DNS:localhost"
    command = f"openssl req -x509 -newkey rsa:2048 -nodes -days 2 {names}"
    subprocess.run([*command.split(), "-keyout", file, "-out", folder / "c.pem"], check=True, capture_output=True)
    file.write_text(file.read_text() + (folder / "c.pem").read_text())
    return file


def was_absent(app: App) -> bool:
    return bool(read_value(app.db, "SELECT count(*) FROM lookups WHERE answer = 'absent'"))


def one_report(app: App) -> None:
    """One that is due, and too long to leave at once."""
    template = app.folder / "long.json"
    template.write_text(json.dumps([BLOCK] * 4))
    app.add_due_jobs(1, text="", report=str(template))


def arrives_once(app: App, api_url: str, goes_on: threading.Event, **env: str) -> None:
    app.start("work", "--processes", "1", SCHEDBOT_SLACK_API_URL=api_url, **env)
    until(lambda: was_absent(app), within=WITHIN)
    goes_on.set()
    until(lambda: app.states() == {"succeeded": 1}, within=WITHIN)
    assert len(app.posts()) == 1


def test_what_was_given_up_does_not_arrive_when_the_network_is_back(app: App) -> None:
    one_report(app)
    goes_on = threading.Event()
    with way_to(app.sandbox.api_url, goes_on) as api_url:
        arrives_once(app, api_url, goes_on)


def test_what_was_given_up_does_not_arrive_by_tls_either(app: App) -> None:
    one_report(app)
    goes_on = threading.Event()
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(file := certificate(app.folder))
    with way_to(app.sandbox.api_url, goes_on, tls) as api_url:
        arrives_once(app, api_url, goes_on, SSL_CERT_FILE=str(file))
