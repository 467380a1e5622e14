"""Client of a running sandbox's control API, for tests, benchmarks and the command line. Standard library only.

A fault applies to later requests; messages are returned as the page shows them.
"""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
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

    def thread(self, channel: str, ts: str, workspace: str | None = None) -> list[Json]:
        """Return a message and the replies to it, oldest first."""
        query = {"channel": channel, "thread_ts": ts, "workspace": workspace}
        messages: list[Json] = self._send("GET", "messages", query)["messages"]
        return messages

    def versions(self, channel: str, ts: str, workspace: str | None = None) -> list[Json]:
        """Return all versions of an edited message, the first one first."""
        query = {"channel": channel, "ts": ts, "workspace": workspace}
        versions: list[Json] = self._send("GET", "versions", query)["versions"]
        return versions

    def post_as(self, user: str, channel: str, text: str, thread_ts: str = "", workspace: str | None = None) -> str:
        """Post a message as a person, without the rate limit. Returns its ts."""
        body = {"user": user, "channel": channel, "text": text, "thread_ts": thread_ts, "workspace": workspace}
        return str(self._send("POST", "messages", body=body)["ts"])

    def delete_message(self, channel: str, ts: str, workspace: str | None = None) -> None:
        """Delete a message as a person can. A message with replies leaves a tombstone."""
        self._send("DELETE", "messages", {"channel": channel, "ts": ts, "workspace": workspace})

    def files(self) -> list[Json]:
        """Return the files in the order of their uploads: fields of `files.info`, `is_uploaded`, `is_complete`."""
        files: list[Json] = self._send("GET", "files")["files"]
        return files

    def content(self, file_id: str) -> bytes:
        """Return the bytes of a file."""
        with self._opener.open(f"{self.url}/sandbox/files/{file_id}", timeout=TIMEOUT_S) as response:
            return bytes(response.read())

    def texts(self, channel: str | None = None) -> list[str]:
        """Return the texts of the posted messages, oldest first."""
        return [message["text"] for message in self.messages(channel)]

    def requests(self, method: str | None = None) -> list[Json]:
        """Return the API requests, oldest first.

        Fields: `method, workspace, channel, text, thread_ts, unfurl, at_ms, outcome, fault`.
        """
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

    def deactivate_user(self, user_id: str, workspace: str | None = None) -> None:
        """Deactivate a user, in one workspace or in all."""
        self.set_user(user_id, "", workspace, deleted=True)

    def set_edit_window(self, seconds: float | None, workspace: str | None = None) -> None:
        """Let messages be edited for so long after they are posted; None is for ever."""
        self._send("POST", "edit-window", body={"seconds": seconds, "workspace": workspace})

    def name_schedules(self, names: Mapping[str, str]) -> None:
        """Tell the page the names of schedules by their ids. A message carries only the id."""
        self._send("PUT", "schedule-names", body=dict(names))

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
