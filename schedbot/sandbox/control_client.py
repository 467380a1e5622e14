"""Orders to a running sandbox, and what it has seen: for tests, benches and the command line. Standard library only.

Faults are ordered for the requests to come; what is asked back is what a person would see on the page.
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

ANSWER_WITHIN_S = 30
LOOK_EVERY_S = 0.01


class Sandbox:
    """A running sandbox at `url`, `http://127.0.0.1:8765`. Its methods raise SchedbotError if none is there."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        # A proxy of the environment is not for loopback.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    @property
    def api_url(self) -> str:
        """What slack_sdk takes as its base_url."""
        return f"{self.url}/api/"

    def messages(self, channel: str | None = None, workspace: str | None = None) -> list[Json]:
        """What was posted, oldest first, each with `workspace` and `channel` beside Slack's own fields."""
        found: list[Json] = self._ask("GET", "messages", {"channel": channel, "workspace": workspace})["messages"]
        return found

    def texts(self, channel: str | None = None) -> list[str]:
        """The texts that were posted, oldest first."""
        return [message["text"] for message in self.messages(channel)]

    def requests(self, method: str | None = None) -> list[Json]:
        """What was asked of the API: `method, workspace, channel, text, at_ms, outcome, fault`, oldest first."""
        found: list[Json] = self._ask("GET", "requests", {"method": method})["requests"]
        return found

    def order(
        self,
        kind: str,
        method: str = "chat.postMessage",
        channel: str | None = None,
        workspace: str | None = None,
        times: int | str = 1,
        **more: Any,
    ) -> int:
        """Order a fault for the next `times` requests that match (`forever`); answers its id. Raises BadInput."""
        wanted = {"kind": kind, "method": method, "channel": channel, "workspace": workspace, "times": times, **more}
        return self._ordered(wanted)

    def order_line(self, line: str) -> int:
        """Order a fault as the command line writes it: `METHOD:KIND[:name=value]...`. Raises BadInput."""
        return self._ordered({"line": line})

    def faults(self) -> list[Json]:
        """The orders that stand."""
        standing: list[Json] = self._ask("GET", "faults")["faults"]
        return standing

    def clear(self, fault_id: int | None = None) -> int:
        """Take back one order, or all; answers how many. What is held stays held."""
        return int(self._ask("DELETE", "faults", {"id": fault_id})["cleared"])

    def waiting(self) -> int:
        """How many requests are held."""
        return int(self._ask("GET", "held")["held"])

    def wait_for(self, count: int, within: float = 30) -> None:
        """Wait until so many requests are held. Raises TimeoutError after `within` seconds."""
        deadline = time.monotonic() + within
        while (held := self.waiting()) < count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{held} of {count} requests are held after {within} s")
            time.sleep(LOOK_EVERY_S)

    def release(self, count: int | None = None) -> int:
        """Let the first `count` held requests go, or all; answers how many."""
        return int(self._ask("POST", "release", body={"count": count})["released"])

    def add_workspace(
        self, name: str, token: str, channels: Sequence[str | Json] = (), scopes: Sequence[str] | None = None
    ) -> None:
        """Let a workspace exist: `channels` are ids, or objects with `id, name, is_private, is_archived, is_member`."""
        body = {"name": name, "token": token, "channels": list(channels), "scopes": scopes and list(scopes)}
        self._ask("POST", "workspaces", body=body)

    def person(self, user_id: str, tz: str, workspace: str | None = None, **more: bool) -> None:
        """Let a user exist, or have another time zone, in one workspace or in all; `deleted`, `is_bot` say more."""
        self._ask("POST", "people", body={"id": user_id, "tz": tz, "workspace": workspace, **more})

    def workspaces(self) -> list[Json]:
        """The workspaces with their tokens, scopes and channels."""
        found: list[Json] = self._ask("GET", "workspaces")["workspaces"]
        return found

    def reset(self) -> None:
        """Forget messages, requests, orders and what is held; workspaces stay."""
        self._ask("POST", "reset", body={})

    def _ordered(self, wanted: Json) -> int:
        return int(self._ask("POST", "faults", body=wanted)["fault"]["id"])

    def _ask(self, verb: str, what: str, query: Json | None = None, body: Json | None = None) -> Json:
        narrowed = {name: value for name, value in (query or {}).items() if value is not None}
        address = f"{self.url}/sandbox/{what}" + (f"?{urlencode(narrowed)}" if narrowed else "")
        sent = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(address, sent, {"Content-Type": "application/json"}, method=verb)
        try:
            with self._opener.open(request, timeout=ANSWER_WITHIN_S) as response:
                answer: Json = json.load(response)
        except urllib.error.HTTPError as error:
            with error:
                raise _refused(error.read(), self.url) from None
        except OSError:
            hint = "Start it with 'schedbot sandbox', or say where it is with --port."
            raise SchedbotError(f"No sandbox answers at {self.url}.", hint=hint) from None
        return answer


def _refused(body: bytes, url: str) -> SchedbotError:
    try:
        told = json.loads(body)
        return BadInput(told["error"], hint=told.get("hint", ""))
    except (ValueError, KeyError, TypeError):
        hint = "Something else may listen on that port: choose another with --port."
        return SchedbotError(f"What answers at {url} is not a sandbox.", hint=hint)
