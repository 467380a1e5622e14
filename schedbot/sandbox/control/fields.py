"""Fields of the control API: JSON objects become values of the sandbox, and the other way round."""

from typing import Any

from aiohttp import web

from schedbot.errors import BadInput
from schedbot.sandbox.api_responses import Json, decode, encode
from schedbot.sandbox.workspaces import SCOPES, SandboxChannel, SandboxUser, SandboxWorkspace


def parse_count(text: str) -> int | None:
    """Return a whole number of up to 9 digits; None for any other text."""
    return int(text) if text.isdecimal() and len(text) < 10 else None


def parse_texts(fields: Json, name: str) -> list[str]:
    """Return a list of texts. Raises BadInput."""
    texts = fields.get(name)
    if not isinstance(texts, list) or not all(isinstance(value, str) for value in texts):
        raise BadInput(f"The {name} are not a list of texts.", hint=f'Send {{"{name}": ["..."]}}.')
    return texts


def parse_workspace(fields: Json, any_channel: bool) -> SandboxWorkspace:
    """Return a workspace from an object with `name`, `token` and other fields. Raises BadInput."""
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


def parse_user(fields: Json) -> SandboxUser:
    """Return a user from an object with `id` and other fields."""
    types = {"id": str, "tz": str, "deleted": bool, "is_bot": bool}
    if not fields.get("id") or any(not isinstance(value, types.get(name, ())) for name, value in fields.items()):
        hint = 'Send {"id": "U...", "tz": "Europe/Berlin"}; deleted and is_bot are true or false.'
        raise BadInput(f"'{fields}' is not a user.", hint=hint)
    return SandboxUser(**fields)


def workspace_to_json(workspace: SandboxWorkspace) -> Json:
    """Return a workspace with its channels, as the page shows it."""
    channels = [
        {
            "id": channel.id,
            "name": channel.name,
            "is_private": channel.is_private,
            "is_archived": channel.is_archived,
            "is_member": channel.is_member,
            "user": channel.user,
            "messages": len(channel.messages),
        }
        for channel in workspace.channels.values()
    ]
    return {"name": workspace.name, "token": workspace.token, "scopes": list(workspace.scopes), "channels": channels}


async def read_body(request: web.Request) -> Json:
    """Return the JSON object of a request. Raises BadInput."""
    if request.content_type != "application/json":
        raise BadInput(f"The body's type is '{request.content_type}'.", hint="Send application/json.")
    try:
        body = decode(await request.read())
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise BadInput("The body is not a JSON object.", hint='Send {} or {"name": value}.')
    return body


def json_response(fields: Json) -> web.Response:
    """Return a response with these fields."""
    return web.Response(body=encode({"ok": True, **fields}), content_type="application/json")
