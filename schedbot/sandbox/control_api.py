"""`/sandbox/...`: the control API for tests, the command line and the page. JSON in, JSON out.

Changes need JSON or DELETE, which a browser does not send to another site without a preflight request; `guard` has the
other rules against foreign web pages.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from schedbot.errors import BadInput
from schedbot.sandbox import faults
from schedbot.sandbox.api import Api
from schedbot.sandbox.api_responses import Json, decode, encode
from schedbot.sandbox.events import Events
from schedbot.sandbox.workspaces import SCOPES, SandboxChannel, SandboxUser, SandboxWorkspace

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
ClearFile = Callable[[], None]
FindNames = Callable[[list[str]], dict[str, str]]


@dataclass(slots=True)
class ControlApi:
    """Handlers of the control API. `clear_file` empties the file of messages; `find_names` returns the names of
    schedules by their ids."""

    api: Api
    events: Events
    clear_file: ClearFile
    find_names: FindNames

    def routes(self) -> list[web.RouteDef]:
        """Return the routes in the order of the manual."""
        table: list[tuple[str, str, Handler]] = [
            ("GET", "messages", self.list_messages),
            ("GET", "requests", self.list_requests),
            ("GET", "faults", self.list_faults),
            ("POST", "faults", self.order_fault),
            ("DELETE", "faults", self.clear_faults),
            ("GET", "held", self.count_held),
            ("POST", "release", self.release),
            ("GET", "workspaces", self.list_workspaces),
            ("POST", "workspaces", self.add_workspace),
            ("POST", "people", self.set_user),
            ("POST", "schedule-names", self.find_schedule_names),
            ("POST", "reset", self.reset),
            ("GET", "events", self.events.stream),
        ]
        return [web.route(verb, f"/sandbox/{path}", handler) for verb, path, handler in table]

    async def list_messages(self, request: web.Request) -> web.Response:
        """Return the messages, oldest first, filtered by `channel` and `workspace`; `newest` limits their number."""
        query = request.query
        messages = [
            {"workspace": workspace.name, "channel": channel.id, **message}
            for workspace in self.api.state.workspaces.values()
            for channel in workspace.channels.values()
            if query.get("workspace", workspace.name) == workspace.name
            and query.get("channel", channel.id) == channel.id
            for message in channel.messages
        ]
        messages.sort(key=lambda message: str(message["ts"]))
        newest = parse_count(query.get("newest", ""))
        return _json_response({"messages": messages[-newest:] if newest else messages})

    async def list_requests(self, request: web.Request) -> web.Response:
        """Return the API requests, oldest first, filtered by `method`."""
        method = request.query.get("method")
        records = [record.to_json() for record in self.api.request_log if method in (None, record.method)]
        return _json_response({"requests": records})

    async def list_faults(self, request: web.Request) -> web.Response:
        """Return the active faults and all kinds of faults."""
        active = [fault.to_json() for fault in self.api.faults.active]
        return _json_response({"faults": active, "kinds": faults.KINDS})

    async def order_fault(self, request: web.Request) -> web.Response:
        """Add a fault, from its fields or from the `line` of the command line."""
        fields = await _read_body(request)
        if "line" in fields:
            fields = dict(faults.parse_line(str(fields["line"])))
        fault = self.api.faults.order(fields)
        self._publish_faults()
        return _json_response({"fault": fault.to_json()})

    async def clear_faults(self, request: web.Request) -> web.Response:
        """Remove all faults, or the fault with this `id`."""
        cleared = self.api.faults.clear(parse_count(request.query.get("id", "")))
        self._publish_faults()
        return _json_response({"cleared": cleared})

    async def count_held(self, request: web.Request) -> web.Response:
        """Return the number of held requests."""
        return _json_response({"held": len(self.api.held.waiting)})

    async def release(self, request: web.Request) -> web.Response:
        """Release the first `count` held requests, or all."""
        count = (await _read_body(request)).get("count")
        return _json_response({"released": self.api.held.release(count if isinstance(count, int) else None)})

    async def list_workspaces(self, request: web.Request) -> web.Response:
        """Return the workspaces with their channels."""
        return _json_response(
            {"workspaces": [_workspace_to_json(workspace) for workspace in self.api.state.workspaces.values()]}
        )

    async def add_workspace(self, request: web.Request) -> web.Response:
        """Add a workspace, replacing one of the same name."""
        workspace = _parse_workspace(await _read_body(request), any_channel=self.api.state.options.any_channel)
        owner = self.api.state.by_token.get(workspace.token)
        if owner is not None and owner.name != workspace.name:
            raise BadInput(f"The workspace '{owner.name}' already has this token.", hint="Use a different token.")
        self.api.state.add(workspace)
        self.events.publish({"what": "reload"})
        return _json_response({"workspace": _workspace_to_json(workspace)})

    async def set_user(self, request: web.Request) -> web.Response:
        """Add or replace a user, in one `workspace` or in all."""
        fields = await _read_body(request)
        name = fields.pop("workspace", None)
        workspaces = self.api.state.workspaces
        if name not in (None, *workspaces):
            raise BadInput(f"No workspace named '{name}'.", hint=f"Use one of: {', '.join(workspaces)}.")
        user = _parse_user(fields)
        for workspace in workspaces.values():
            if name in (None, workspace.name):
                workspace.users[user.id] = user
        return _json_response({})

    async def find_schedule_names(self, request: web.Request) -> web.Response:
        """Return the names of the schedules with these `ids`, as far as they are known."""
        ids = (await _read_body(request)).get("ids")
        if not isinstance(ids, list) or not all(isinstance(value, str) for value in ids):
            raise BadInput("The ids are not a list of texts.", hint='Send {"ids": ["..."]}.')
        return _json_response({"names": self.find_names(ids)})

    async def reset(self, request: web.Request) -> web.Response:
        """Remove messages, requests, faults and held requests; workspaces stay."""
        await _read_body(request)
        self.api.held.release(drop=True)
        self.api.faults.clear()
        self.api.request_log.clear()
        self.api.state.clear()
        self.clear_file()
        self.events.publish({"what": "reload"})
        return _json_response({})

    def _publish_faults(self) -> None:
        self.events.publish({"what": "faults"})


def parse_count(text: str) -> int | None:
    """Return a whole number of up to 9 digits; None for any other text."""
    return int(text) if text.isdecimal() and len(text) < 10 else None


def _parse_workspace(fields: Json, any_channel: bool) -> SandboxWorkspace:
    name, token = str(fields.get("name") or ""), str(fields.get("token") or "")
    if not name or not token:
        raise BadInput("The workspace lacks a name or a token.", hint='Send {"name": "...", "token": "..."}.')
    for key in ("channels", "scopes"):
        if not isinstance(fields.get(key), list | None):
            raise BadInput(f"The value '{fields[key]}' of {key} is not a list.", hint="Send a list, or omit it.")
    channels = [_parse_channel(value) for value in fields.get("channels") or ()]
    scopes = tuple(str(scope) for scope in fields["scopes"]) if fields.get("scopes") is not None else SCOPES
    return SandboxWorkspace(name, token, scopes, {channel.id: channel for channel in channels}, any_channel)


def _parse_channel(value: Any) -> SandboxChannel:
    """Return a channel from its id, or from an object with `id` and other fields."""
    if isinstance(value, str):
        return SandboxChannel(value, value.lower())
    names = ("id", "name", "is_private", "is_archived", "is_member")
    if not isinstance(value, dict) or not value.get("id") or any(name not in names for name in value):
        raise BadInput(f"'{value}' is not a channel.", hint=f"Send its id, or an object with {', '.join(names)}.")
    return SandboxChannel(**{"name": str(value["id"]).lower(), **value})


def _parse_user(fields: Json) -> SandboxUser:
    """Return a user from an object with `id` and other fields."""
    types = {"id": str, "tz": str, "deleted": bool, "is_bot": bool}
    if not fields.get("id") or any(not isinstance(value, types.get(name, ())) for name, value in fields.items()):
        hint = 'Send {"id": "U...", "tz": "Europe/Berlin"}; deleted and is_bot are true or false.'
        raise BadInput(f"'{fields}' is not a user.", hint=hint)
    return SandboxUser(**fields)


def _workspace_to_json(workspace: SandboxWorkspace) -> Json:
    channels = [
        {
            "id": channel.id,
            "name": channel.name,
            "is_private": channel.is_private,
            "is_archived": channel.is_archived,
            "is_member": channel.is_member,
            "messages": len(channel.messages),
        }
        for channel in workspace.channels.values()
    ]
    return {"name": workspace.name, "token": workspace.token, "scopes": list(workspace.scopes), "channels": channels}


async def _read_body(request: web.Request) -> Json:
    if request.content_type != "application/json":
        raise BadInput(f"The body's type is '{request.content_type}'.", hint="Send application/json.")
    try:
        body = decode(await request.read())
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise BadInput("The body is not a JSON object.", hint='Send {} or {"name": value}.')
    return body


def _json_response(fields: Json, status: int = 200) -> web.Response:
    return web.Response(body=encode({"ok": True, **fields}), status=status, content_type="application/json")
