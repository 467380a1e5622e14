"""Client of a running sandbox's control API, for tests, benchmarks and the command line. Standard library only.

A fault applies to later requests; messages are returned as the page shows them.
"""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from schedbot.errors import BadInput, SchedbotError

Json = dict[str, Any]

TIMEOUT_S = 30
POLL_INTERVAL_S = 0.01


class Sandbox:
    """A running sandbox at `url`, `http://127.0.0.1:8765`. Its methods raise SchedbotError if none is running."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        # Without the environment's proxy, which cannot reach loopback.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    @property
    def api_url(self) -> str:
        """The base_url for slack_sdk."""
        return f"{self.url}/api/"

    def messages(self, channel: str | None = None, workspace: str | None = None) -> list[Json]:
        """Return the posted messages, oldest first, with `workspace` and `channel` added to Slack's fields."""
        messages: list[Json] = self._send("GET", "messages", {"channel": channel, "workspace": workspace})["messages"]
        return messages

    def texts(self, channel: str | None = None) -> list[str]:
        """Return the texts of the posted messages, oldest first."""
        return [message["text"] for message in self.messages(channel)]

    def requests(self, method: str | None = None) -> list[Json]:
        """Return the API requests, oldest first: `method, workspace, channel, text, at_ms, outcome, fault`."""
        records: list[Json] = self._send("GET", "requests", {"method": method})["requests"]
        return records

    def order(
        self,
        kind: str,
        method: str = "chat.postMessage",
        channel: str | None = None,
        workspace: str | None = None,
        times: int | str = 1,
        **options: Any,
    ) -> int:
        """Order a fault for the next `times` matching requests (or `forever`). Returns its id. Raises BadInput."""
        conditions = {"method": method, "channel": channel, "workspace": workspace, "times": times}
        return self._order({"kind": kind, **conditions, **options})

    def order_line(self, line: str) -> int:
        """Order a fault in the form of the command line: `METHOD:KIND[:name=value]...`. Raises BadInput."""
        return self._order({"line": line})

    def faults(self) -> list[Json]:
        """Return the active faults."""
        active: list[Json] = self._send("GET", "faults")["faults"]
        return active

    def clear(self, fault_id: int | None = None) -> int:
        """Remove a fault, or all. Returns the number removed. Held requests stay held."""
        return int(self._send("DELETE", "faults", {"id": fault_id})["cleared"])

    def count_held(self) -> int:
        """Return the number of held requests."""
        return int(self._send("GET", "held")["held"])

    def wait_for_held(self, count: int, within: float = 30) -> None:
        """Wait until `count` requests are held. Raises TimeoutError after `within` seconds."""
        deadline = time.monotonic() + within
        while (held := self.count_held()) < count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{held} of {count} requests are held after {within} s")
            time.sleep(POLL_INTERVAL_S)

    def release(self, count: int | None = None) -> int:
        """Release the first `count` held requests, or all. Returns the number released."""
        return int(self._send("POST", "release", body={"count": count})["released"])

    def add_workspace(
        self, name: str, token: str, channels: Sequence[str | Json] = (), scopes: Sequence[str] | None = None
    ) -> None:
        """Add a workspace. `channels` are ids, or objects with `id, name, is_private, is_archived, is_member`."""
        body = {"name": name, "token": token, "channels": list(channels), "scopes": scopes and list(scopes)}
        self._send("POST", "workspaces", body=body)

    def set_user(self, user_id: str, tz: str, workspace: str | None = None, **flags: bool) -> None:
        """Add a user or change the time zone, in one workspace or in all. Flags: `deleted`, `is_bot`."""
        self._send("POST", "people", body={"id": user_id, "tz": tz, "workspace": workspace, **flags})

    def workspaces(self) -> list[Json]:
        """Return the workspaces with their tokens, scopes and channels."""
        workspaces: list[Json] = self._send("GET", "workspaces")["workspaces"]
        return workspaces

    def reset(self) -> None:
        """Remove messages, requests, faults and held requests; workspaces stay."""
        self._send("POST", "reset", body={})

    def _order(self, fields: Json) -> int:
        return int(self._send("POST", "faults", body=fields)["fault"]["id"])

    def _send(self, verb: str, path: str, query: Json | None = None, body: Json | None = None) -> Json:
        filters = {name: value for name, value in (query or {}).items() if value is not None}
        address = f"{self.url}/sandbox/{path}" + (f"?{urlencode(filters)}" if filters else "")
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(address, data, {"Content-Type": "application/json"}, method=verb)
        try:
            with self._opener.open(request, timeout=TIMEOUT_S) as response:
                fields: Json = json.load(response)
        except urllib.error.HTTPError as error:
            with error:
                raise _to_error(error.read(), self.url) from None
        except OSError:
            hint = "Start it with 'schedbot sandbox', or give its port with --port."
            raise SchedbotError(f"No sandbox is running at {self.url}.", hint=hint) from None
        return fields


def _to_error(body: bytes, url: str) -> SchedbotError:
    try:
        fields = json.loads(body)
        return BadInput(fields["error"], hint=fields.get("hint", ""))
    except (ValueError, KeyError, TypeError):
        hint = "Another program may use that port: choose another with --port."
        return SchedbotError(f"The server at {url} is not a sandbox.", hint=hint)
