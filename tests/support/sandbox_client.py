"""Asking a sandbox the plain way: what went over the wire, nothing made nicer."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode, urlsplit

from schedbot.sandbox import Running

ACME = "xoxb-sandbox-acme"


@dataclass(frozen=True)
class Reply:
    """An answer as it came over the wire."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def body(self) -> dict[str, Any]:
        parsed: dict[str, Any] = json.loads(self.text)
        return parsed


class SandboxClient:
    """Asks a sandbox's API the plain way, so that a test sees what went over the wire."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self.control = running.control

    def __call__(self, method: str, token: str = ACME, **given: Any) -> Reply:
        headers = {"Content-Type": "application/json; charset=utf-8", "Authorization": f"Bearer {token}"}
        return self.send("POST", f"/api/{method}", json.dumps(given), headers)

    def form(self, method: str, **given: str) -> Reply:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.send("POST", f"/api/{method}", urlencode(given), headers)

    def send(self, verb: str, path: str, body: str | None = None, headers: dict[str, str] | None = None) -> Reply:
        connection = HTTPConnection(urlsplit(self.running.url).netloc, timeout=20)
        try:
            connection.request(verb, path, body, headers or {})
            response = connection.getresponse()
            return Reply(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read().decode())
        finally:
            connection.close()


def until(condition: Callable[[], bool], within: float = 30) -> None:
    """Wait for what must come about. Raises AssertionError if it did not."""
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, f"it did not come about in {within} s"
        time.sleep(0.01)
