"""Networks with faults, by proxies: bytes that arrive late after a stall, and answers with a wrong `Date` header."""

import json
import re
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

pytestmark = pytest.mark.slow

WITHIN = 40  # s: a pool starts, and waits for a lost answer
SMALL = 1024  # a receive buffer too small for a request: the rest is buffered by the sender
BLOCK = {"type": "section", "text": {"type": "mrkdwn", "text": "\u2603" * 3_000}}


def copy(source: socket.socket, sink: socket.socket) -> None:
    """Copy bytes from one side to the other. A hang-up is not passed on: a load balancer does not either."""
    with suppress(OSError):
        while chunk := source.recv(65_536):
            sink.sendall(chunk)


@contextmanager
def stalling_proxy(api_url: str, resume: threading.Event, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Yield the address of a proxy to the API; its first connection stalls until `resume`."""
    target = urlsplit(api_url)
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
    listener.bind(("127.0.0.1", 0))
    listener.listen()

    def serve(client: socket.socket, stalls: bool) -> None:
        client = tls.wrap_socket(client, server_side=True) if tls else client
        if stalls:
            resume.wait()
        server = socket.create_connection((target.hostname or "", target.port or 0))
        threading.Thread(target=copy, args=(server, client), daemon=True).start()
        copy(client, server)

    def accept() -> None:
        for number in range(1_000):
            client, _ = listener.accept()
            threading.Thread(target=serve, args=(client, number == 0), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    address = {"scheme": "https" if tls else "http", "netloc": f"localhost:{listener.getsockname()[1]}"}
    yield urlunsplit(target._replace(**address))
    resume.set()


def create_certificate(folder: Path) -> Path:
    """Return the file of a new certificate for localhost, with its key."""
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl")
    file = folder / "localhost.pem"
    names = "-subj /CN=localhost -addext subjectAltName=DNS:localhost"
    command = f"openssl req -x509 -newkey rsa:2048 -nodes -days 2 {names}"
    subprocess.run([*command.split(), "-keyout", file, "-out", folder / "c.pem"], check=True, capture_output=True)
    file.write_text(file.read_text() + (folder / "c.pem").read_text())
    return file


def has_absent_look_up(app: App) -> bool:
    return bool(read_value(app.db, "SELECT count(*) FROM lookups WHERE answer = 'absent'"))


def add_long_report(app: App) -> None:
    """Add a report that is due, and too long for the receive buffer."""
    template = app.folder / "long.json"
    template.write_text(json.dumps([BLOCK] * 4))
    app.add_due_jobs(1, text="", report=str(template))


def check_arrives_once(app: App, api_url: str, resume: threading.Event, **env: str) -> None:
    app.start("work", "--processes", "1", SCHEDBOT_SLACK_API_URL=api_url, **env)
    until(lambda: has_absent_look_up(app), within=WITHIN)
    resume.set()
    until(lambda: app.states() == {"succeeded": 1}, within=WITHIN)
    assert len(app.posts()) == 1


def test_abandoned_post_does_not_arrive_later(app: App) -> None:
    add_long_report(app)
    resume = threading.Event()
    with stalling_proxy(app.sandbox.api_url, resume) as api_url:
        check_arrives_once(app, api_url, resume)


def test_abandoned_post_does_not_arrive_later_over_tls(app: App) -> None:
    add_long_report(app)
    resume = threading.Event()
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(file := create_certificate(app.folder))
    with stalling_proxy(app.sandbox.api_url, resume, tls) as api_url:
        check_arrives_once(app, api_url, resume, SSL_CERT_FILE=str(file))


DATE = re.compile(rb"Date: [^\r]+ GMT")


def copy_with_date(source: socket.socket, sink: socket.socket, date: bytes) -> None:
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
                    threading.Thread(target=copy_with_date, args=(source, sink, date), daemon=True).start()

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
