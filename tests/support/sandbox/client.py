"""A plain HTTP client of the sandbox that shows status, headers and body unchanged."""

import json
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode, urlsplit

from schedbot.sandbox import RunningSandbox

ACME = "xoxb-sandbox-acme"


@dataclass(frozen=True)
class Reply:
    """A reply of the sandbox, unchanged."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def body(self) -> dict[str, Any]:
        parsed: dict[str, Any] = json.loads(self.text)
        return parsed


class SandboxClient:
    """Calls the API of a sandbox over plain HTTP, without slack_sdk."""

    def __init__(self, running: RunningSandbox) -> None:
        self.running = running
        self.control = running.control

    def __call__(self, method: str, token: str = ACME, **fields: Any) -> Reply:
        headers = {"Content-Type": "application/json; charset=utf-8", "Authorization": f"Bearer {token}"}
        return self.send("POST", f"/api/{method}", json.dumps(fields), headers)

    def form(self, method: str, **fields: str) -> Reply:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.send("POST", f"/api/{method}", urlencode(fields), headers)

    def send(
        self, verb: str, path: str, body: str | bytes | None = None, headers: dict[str, str] | None = None
    ) -> Reply:
        connection = HTTPConnection(urlsplit(self.running.url).netloc, timeout=20)
        try:
            connection.request(verb, path, body, headers or {})
            response = connection.getresponse()
            return Reply(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read().decode())
        finally:
            connection.close()
