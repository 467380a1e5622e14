"""`/sandbox/...`: the control API for tests, the command line and the page. JSON in, JSON out.

Changes need JSON or DELETE, which a browser does not send to another site without a preflight request; `guard` has the
other rules against foreign web pages.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from aiohttp import web

from schedbot.errors import BadInput
from schedbot.sandbox import faults
from schedbot.sandbox.api import Api
from schedbot.sandbox.control.content import ContentApi
from schedbot.sandbox.control.fields import (
    json_response,
    parse_count,
    parse_texts,
    parse_user,
    parse_workspace,
    read_body,
    workspace_to_json,
)
from schedbot.sandbox.events import RELOAD, Events
from schedbot.sandbox.workspaces import SandboxWorkspace

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
ClearFile = Callable[[], None]
FindNames = Callable[[list[str]], dict[str, str]]


@dataclass(slots=True)
class ControlApi:
    """Handlers of the control API. `clear_file` empties the file of messages.

    `find_names` returns the names of schedules by their ids; `names` are those that a client has told.
    """

    api: Api
    events: Events
    clear_file: ClearFile
    find_names: FindNames
    names: dict[str, str] = field(default_factory=dict)

    def routes(self) -> list[web.RouteDef]:
        """Return the routes in the order of the manual."""
        table: list[tuple[str, str, Handler]] = [
            *ContentApi(self.api.state).routes(),
            ("GET", "requests", self.list_requests),
            ("GET", "faults", self.list_faults),
            ("POST", "faults", self.order_fault),
            ("DELETE", "faults", self.clear_faults),
            ("GET", "held", self.count_held),
            ("POST", "release", self.release),
            ("GET", "workspaces", self.list_workspaces),
            ("POST", "workspaces", self.add_workspace),
            ("POST", "people", self.set_user),
            ("POST", "edit-window", self.set_edit_window),
            ("POST", "schedule-names", self.find_schedule_names),
            ("PUT", "schedule-names", self.add_schedule_names),
            ("POST", "markdown", self.parse_markdown),
            ("POST", "reset", self.reset),
            ("GET", "events", self.events.stream),
        ]
        return [web.route(verb, f"/sandbox/{path}", handler) for verb, path, handler in table]

    async def list_requests(self, request: web.Request) -> web.Response:
        """Return the API requests, oldest first, filtered by `method`."""
        method = request.query.get("method")
        records = [record.to_json() for record in self.api.request_log if method in (None, record.method)]
        return json_response({"requests": records})

    async def list_faults(self, request: web.Request) -> web.Response:
        """Return the active faults and all kinds of faults."""
        active = [fault.to_json() for fault in self.api.faults.active]
        return json_response({"faults": active, "kinds": faults.KINDS})

    async def order_fault(self, request: web.Request) -> web.Response:
        """Add a fault, from its fields or from the `line` of the command line."""
        fields = await read_body(request)
        if "line" in fields:
            fields = dict(faults.parse_line(str(fields["line"])))
        fault = self.api.faults.order(fields)
        self._publish_faults()
        return json_response({"fault": fault.to_json()})

    async def clear_faults(self, request: web.Request) -> web.Response:
        """Remove all faults, or the fault with this `id`."""
        cleared = self.api.faults.clear(parse_count(request.query.get("id", "")))
        self._publish_faults()
        return json_response({"cleared": cleared})

    async def count_held(self, request: web.Request) -> web.Response:
        """Return the number of held requests."""
        return json_response({"held": len(self.api.held.waiting)})

    async def release(self, request: web.Request) -> web.Response:
        """Release the first `count` held requests, or all."""
        count = (await read_body(request)).get("count")
        return json_response({"released": self.api.held.release(count if isinstance(count, int) else None)})

    async def list_workspaces(self, request: web.Request) -> web.Response:
        """Return the workspaces with their channels."""
        return json_response(
            {"workspaces": [workspace_to_json(workspace) for workspace in self.api.state.workspaces.values()]}
        )

    async def add_workspace(self, request: web.Request) -> web.Response:
        """Add a workspace, replacing one of the same name."""
        workspace = parse_workspace(await read_body(request), any_channel=self.api.state.options.any_channel)
        owner = self.api.state.by_token.get(workspace.token)
        if owner is not None and owner.name != workspace.name:
            raise BadInput(f"The workspace '{owner.name}' already has this token.", hint="Use a different token.")
        self.api.state.add(workspace)
        self.events.publish(RELOAD)
        return json_response({"workspace": workspace_to_json(workspace)})

    async def set_user(self, request: web.Request) -> web.Response:
        """Add or replace a user, in one `workspace` or in all."""
        fields = await read_body(request)
        selected = self._select_workspaces(fields.pop("workspace", None))
        user = parse_user(fields)
        for workspace in selected:
            workspace.users[user.id] = user
        return json_response({})

    async def set_edit_window(self, request: web.Request) -> web.Response:
        """Let messages be edited for `seconds` (null: for ever), in one `workspace` or in all."""
        fields = await read_body(request)
        seconds = fields.get("seconds")
        if seconds is not None and (not isinstance(seconds, int | float) or seconds < 0):
            raise BadInput(f"'{seconds}' is not a number of seconds.", hint='Send {"seconds": 60}, or null.')
        for workspace in self._select_workspaces(fields.get("workspace")):
            workspace.edit_window_s = seconds
        return json_response({})

    async def find_schedule_names(self, request: web.Request) -> web.Response:
        """Return the names of the schedules with these `ids`, as far as they are known."""
        ids = parse_texts(await read_body(request), "ids")
        own = {schedule_id: self.names[schedule_id] for schedule_id in ids if schedule_id in self.names}
        return json_response({"names": self.find_names(ids) | own})

    async def add_schedule_names(self, request: web.Request) -> web.Response:
        """Store the names of schedules by their ids, for a sandbox that has no database."""
        self.names |= {schedule_id: str(name) for schedule_id, name in (await read_body(request)).items()}
        self.events.publish(RELOAD)
        return json_response({})

    async def parse_markdown(self, request: web.Request) -> web.Response:
        """Return the tree of each Markdown text in `texts`."""
        from schedbot.sandbox.markdown_tree import parse_markdown  # slow to import

        texts = parse_texts(await read_body(request), "texts")
        return json_response({"trees": [parse_markdown(text) for text in texts]})

    async def reset(self, request: web.Request) -> web.Response:
        """Remove messages, requests, faults and held requests; workspaces stay."""
        await read_body(request)
        self.api.held.release(drop=True)
        self.api.faults.clear()
        self.api.request_log.clear()
        self.api.state.clear()
        self.clear_file()
        self.events.publish(RELOAD)
        return json_response({})

    def _select_workspaces(self, name: str | None) -> list[SandboxWorkspace]:
        """Return the workspace with this name, or all. Raises BadInput."""
        workspaces = self.api.state.workspaces
        if name not in (None, *workspaces):
            raise BadInput(f"No workspace named '{name}'.", hint=f"Use one of: {', '.join(workspaces)}.")
        return [workspace for workspace in workspaces.values() if name in (None, workspace.name)]

    def _publish_faults(self) -> None:
        self.events.publish({"what": "faults"})
