"""Messages and files in the control API: read, written as a person, deleted."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

from aiohttp import web

from schedbot.errors import BadInput
from schedbot.sandbox.api_responses import Json
from schedbot.sandbox.control.fields import json_response, parse_count, read_body
from schedbot.sandbox.files import BINARY
from schedbot.sandbox.methods.call import find_index
from schedbot.sandbox.methods.chat import find_thread
from schedbot.sandbox.state import SandboxState
from schedbot.sandbox.workspaces import SandboxChannel, SandboxWorkspace

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Place = tuple[SandboxWorkspace, SandboxChannel]


@dataclass(frozen=True, slots=True)
class ContentApi:
    """Handlers for messages and files."""

    state: SandboxState

    def routes(self) -> list[tuple[str, str, Handler]]:
        """Return verb, path and handler of each route."""
        return [
            ("GET", "messages", self.list_messages),
            ("POST", "messages", self.post_message),
            ("DELETE", "messages", self.delete_message),
            ("GET", "versions", self.list_versions),
            ("GET", "files", self.list_files),
            ("GET", "files/{id}", self.send_file),
        ]

    async def list_messages(self, request: web.Request) -> web.Response:
        """Return the messages, oldest first, filtered by `channel`, `workspace` and `thread_ts`.

        `newest` limits their number.
        """
        query = request.query
        thread_ts = query.get("thread_ts")
        messages = [
            {"workspace": workspace.name, "channel": channel.id, **message}
            for workspace, channel in self._places(query.get("workspace"), query.get("channel"))
            for message in channel.messages
            if thread_ts in (None, message["ts"], message.get("thread_ts"))
        ]
        messages.sort(key=lambda message: str(message["ts"]))
        newest = parse_count(query.get("newest", ""))
        return json_response({"messages": messages[-newest:] if newest else messages})

    async def post_message(self, request: web.Request) -> web.Response:
        """Store a message of a person: `user`, `text`, `channel`, `workspace`, `thread_ts`."""
        fields = await read_body(request)
        workspace, channel = self._find_place(fields)
        message: Json = {"type": "message", "team": workspace.team_id, "user": str(fields.get("user") or "U0SANDBOX01")}
        message |= {"text": str(fields.get("text") or ""), **find_thread(channel, fields.get("thread_ts"))}
        self.state.post(workspace, channel, message)
        return json_response({"ts": message["ts"]})

    async def delete_message(self, request: web.Request) -> web.Response:
        """Remove a message, by `channel`, `ts` and `workspace`."""
        workspace, channel, index = self._find_message(dict(request.query))
        self.state.remove(workspace, channel, index)
        return json_response({})

    async def list_versions(self, request: web.Request) -> web.Response:
        """Return all versions of a message, the first one first."""
        _, channel, index = self._find_message(dict(request.query))
        message = channel.messages[index]
        return json_response({"versions": [*channel.earlier_versions.get(message["ts"], ()), message]})

    async def list_files(self, request: web.Request) -> web.Response:
        """Return the files in the order of their uploads, with the messages that share them."""
        return json_response(
            {
                "files": [
                    {
                        **file.to_json(),
                        "workspace": file.workspace,
                        "is_uploaded": file.content is not None,
                        "is_complete": file.is_complete,
                    }
                    for file in self.state.files.values()
                ]
            }
        )

    async def send_file(self, request: web.Request) -> web.Response:
        """Return the bytes of a file. A browser shows pictures and saves any other file."""
        file = self.state.files.get(request.match_info["id"])
        if file is None or file.content is None:
            raise web.HTTPNotFound()
        headers = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox; default-src 'none'"}
        if not file.picture_type:
            headers["Content-Disposition"] = "attachment"
        return web.Response(body=file.content, content_type=file.picture_type or BINARY, headers=headers)

    def _places(self, workspace_name: str | None, channel_id: str | None) -> Iterator[Place]:
        for workspace in self.state.workspaces.values():
            if workspace_name in (None, workspace.name):
                for channel in workspace.channels.values():
                    if channel_id in (None, channel.id):
                        yield workspace, channel

    def _find_place(self, fields: Json) -> Place:
        """Return the first workspace with the named channel; direct messages also by the person's id."""
        channel_id = str(fields.get("channel") or "")
        for workspace in self.state.workspaces.values():
            if fields.get("workspace") in (None, workspace.name):
                channel = workspace.find_channel(channel_id) or workspace.find_direct(channel_id)
                if channel is not None:
                    return workspace, channel
        raise BadInput(f"There is no channel '{channel_id}'.", hint="Give the id of an existing channel.")

    def _find_message(self, fields: Json) -> tuple[SandboxWorkspace, SandboxChannel, int]:
        workspace, channel = self._find_place(fields)
        index = find_index(channel, fields.get("ts"))
        if index is None:
            raise BadInput(f"There is no message '{fields.get('ts')}'.", hint="Give the ts of a message.")
        return workspace, channel, index
