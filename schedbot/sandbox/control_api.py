"""`/sandbox/...`: what tests, the command line and the page ask of the sandbox itself. JSON in, JSON out.

A browser must not be led here by a foreign page: the host must be loopback's, and what changes anything is JSON or
a DELETE, which no foreign page may send without asking first.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from schedbot.errors import BadInput
from schedbot.sandbox import faults
from schedbot.sandbox.answers import Json, encode
from schedbot.sandbox.api import Api
from schedbot.sandbox.events import Events
from schedbot.sandbox.workspaces import SCOPES, Channel, Person, Workspace

AT_HOME = ("127.0.0.1", "localhost")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Forget = Callable[[], None]


@dataclass(slots=True)
class Orders:
    """What may be asked and ordered. `forget` empties what is kept beside the world."""

    api: Api
    events: Events
    forget: Forget

    def routes(self) -> list[web.RouteDef]:
        """The addresses, in the order of the manual."""
        table: list[tuple[str, str, Handler]] = [
            ("GET", "messages", self.messages),
            ("GET", "requests", self.requests),
            ("GET", "faults", self.faults),
            ("POST", "faults", self.order),
            ("DELETE", "faults", self.clear),
            ("GET", "held", self.held),
            ("POST", "release", self.release),
            ("GET", "workspaces", self.workspaces),
            ("POST", "workspaces", self.add_workspace),
            ("POST", "people", self.add_person),
            ("POST", "reset", self.reset),
            ("GET", "events", self.events.watch),
        ]
        return [web.route(verb, f"/sandbox/{what}", at_home(answer)) for verb, what, answer in table]

    async def messages(self, request: web.Request) -> web.Response:
        """What was posted, oldest first; `channel` and `workspace` narrow it, `newest` counts from the end."""
        asked = request.query
        found = [
            {"workspace": workspace.name, "channel": channel.id, **message}
            for workspace in self.api.world.workspaces.values()
            for channel in workspace.channels.values()
            if asked.get("workspace", workspace.name) == workspace.name
            and asked.get("channel", channel.id) == channel.id
            for message in channel.messages
        ]
        found.sort(key=lambda message: str(message["ts"]))
        newest = asked.get("newest", "")
        return _json({"messages": found[-int(newest) :] if newest.isdecimal() and int(newest) else found})

    async def requests(self, request: web.Request) -> web.Response:
        """What was asked of the API, oldest first; `method` narrows it."""
        method = request.query.get("method")
        told = [record.told() for record in self.api.received if method in (None, record.method)]
        return _json({"requests": told})

    async def faults(self, request: web.Request) -> web.Response:
        """The orders that stand, and the kinds that there are."""
        standing = [fault.told() for fault in self.api.faults.standing]
        return _json({"faults": standing, "kinds": faults.KINDS})

    async def order(self, request: web.Request) -> web.Response:
        """Order a fault: by name, or as the line that the command line takes."""
        wanted = await _body(request)
        if "line" in wanted:
            wanted = dict(faults.parse(str(wanted["line"])))
        fault = self.api.faults.order(wanted)
        self._tell_faults()
        return _json({"fault": fault.told()})

    async def clear(self, request: web.Request) -> web.Response:
        """Take back all orders, or the one with this `id`."""
        fault_id = request.query.get("id", "")
        cleared = self.api.faults.clear(int(fault_id) if fault_id.isdecimal() else None)
        self._tell_faults()
        return _json({"cleared": cleared})

    async def held(self, request: web.Request) -> web.Response:
        """How many requests wait to be released."""
        return _json({"held": len(self.api.gate.waiting)})

    async def release(self, request: web.Request) -> web.Response:
        """Let the first `count` of those go, or all."""
        count = (await _body(request)).get("count")
        return _json({"released": self.api.gate.release(count if isinstance(count, int) else None)})

    async def workspaces(self, request: web.Request) -> web.Response:
        """The workspaces with their channels."""
        return _json({"workspaces": [_told(workspace) for workspace in self.api.world.workspaces.values()]})

    async def add_workspace(self, request: web.Request) -> web.Response:
        """Let another workspace exist, or one that does be another."""
        wanted = await _body(request)
        workspace = _workspace(wanted, any_channel=self.api.world.rules.any_channel)
        holder = self.api.world.by_token.get(workspace.token)
        if holder is not None and holder.name != workspace.name:
            raise BadInput(f"The workspace '{holder.name}' has that token.", hint="Give each workspace its own.")
        self.api.world.add(workspace)
        self.events.tell({"what": "reload"})
        return _json({"workspace": _told(workspace)})

    async def add_person(self, request: web.Request) -> web.Response:
        """Let a user exist, or be another, in one `workspace` or in all."""
        wanted = await _body(request)
        only = wanted.pop("workspace", None)
        there = self.api.world.workspaces
        if only not in (None, *there):
            raise BadInput(f"No workspace is called '{only}'.", hint=f"There are: {', '.join(there)}.")
        person = _person(wanted)
        for name, workspace in there.items():
            if only in (None, name):
                workspace.people[person.id] = person
        return _json({})

    async def reset(self, request: web.Request) -> web.Response:
        """Forget messages, requests, orders and what is held; workspaces stay."""
        await _body(request)
        self.api.gate.release(forget=True)
        self.api.faults.clear()
        self.api.received.clear()
        self.api.world.empty()
        self.forget()
        self.events.tell({"what": "reload"})
        return _json({})

    def _tell_faults(self) -> None:
        self.events.tell({"what": "faults"})


def at_home(answer: Handler) -> Handler:
    """The same, but what came by another name than loopback's is refused, and wrong orders are told in plain words."""

    async def answer_at_home(request: web.Request) -> web.StreamResponse:
        if request.url.host not in AT_HOME:
            return _json({"ok": False, "error": "The sandbox is on 127.0.0.1 alone."}, 403)
        try:
            return await answer(request)
        except BadInput as error:
            return _json({"ok": False, "error": str(error), "hint": error.hint}, 400)

    return answer_at_home


def _workspace(wanted: Json, any_channel: bool) -> Workspace:
    name, token = str(wanted.get("name") or ""), str(wanted.get("token") or "")
    if not name or not token:
        raise BadInput("A workspace has a name and a token.", hint='Send {"name": "...", "token": "..."}.')
    for listed in ("channels", "scopes"):
        if not isinstance(wanted.get(listed), list | None):
            raise BadInput(f"{listed} is '{wanted[listed]}'.", hint="Send a list, or leave it out.")
    channels = [_channel(told) for told in wanted.get("channels") or ()]
    scopes = tuple(str(scope) for scope in wanted["scopes"]) if wanted.get("scopes") is not None else SCOPES
    return Workspace(name, token, scopes, {channel.id: channel for channel in channels}, any_channel)


def _channel(told: Any) -> Channel:
    """A channel from its id, or from an object with `id` and what else is known."""
    if isinstance(told, str):
        return Channel(told, told.lower())
    known = ("id", "name", "is_private", "is_archived", "is_member")
    if not isinstance(told, dict) or not told.get("id") or any(name not in known for name in told):
        raise BadInput(f"'{told}' is not a channel.", hint=f"Send its id, or an object with {', '.join(known)}.")
    return Channel(**{"name": str(told["id"]).lower(), **told})


def _person(told: Json) -> Person:
    """A user from an object with `id` and what else is known."""
    kinds = {"id": str, "tz": str, "deleted": bool, "is_bot": bool}
    if not told.get("id") or any(not isinstance(value, kinds.get(name, ())) for name, value in told.items()):
        hint = 'Send {"id": "U...", "tz": "Europe/Berlin"}; deleted and is_bot are true or false.'
        raise BadInput(f"'{told}' is not a user.", hint=hint)
    return Person(**told)


def _told(workspace: Workspace) -> Json:
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


async def _body(request: web.Request) -> Json:
    if request.content_type != "application/json":
        raise BadInput(f"The body is '{request.content_type}'.", hint="Send application/json.")
    try:
        body = await request.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise BadInput("The body is not a JSON object.", hint='Send {} or {"name": value}.')
    return body


def _json(fields: Json, status: int = 200) -> web.Response:
    return web.Response(body=encode({"ok": True, **fields}), status=status, content_type="application/json")
