"""The methods of Slack's Web API that schedbot calls, a function each.

Each function checks in Slack's order: scope, channel, archived, membership, then the content.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from schedbot.sandbox import limits, message_checks
from schedbot.sandbox.api_responses import ApiResponse, Json, RequestRefused, detailed_refusal, ok, rate_limited
from schedbot.sandbox.state import SandboxState
from schedbot.sandbox.workspaces import BOT, SandboxChannel, SandboxWorkspace


@dataclass(frozen=True, slots=True)
class Call:
    """A call with a valid token. `arrived_at` is in seconds of the monotonic clock."""

    method: str
    args: Json
    workspace: SandboxWorkspace
    arrived_at: float


def auth_test(call: Call, state: SandboxState) -> ApiResponse:
    """Return the token's workspace and user, with the scopes in a header."""
    workspace = call.workspace
    fields = {
        "url": f"https://{workspace.name}.slack.com/",
        "team": workspace.name,
        "user": "schedbot",
        "team_id": workspace.team_id,
        "user_id": BOT["user"],
        "bot_id": BOT["bot_id"],
        "is_enterprise_install": False,
    }
    return ok(fields, {"x-oauth-scopes": ",".join(workspace.scopes)})


def post_message(call: Call, state: SandboxState) -> ApiResponse:
    """Store a message, or several if the text is too long for a single message. Returns the first."""
    require_scope(call, "chat:write")
    channel = find_writable_channel(call)
    if not channel.is_member and (channel.is_private or "chat:write.public" not in call.workspace.scopes):
        raise RequestRefused("not_in_channel")
    text, parts = message_checks.parse_content(call.args)
    if state.options.pace:
        wait_s = limits.get_post_wait_s(channel, call.arrived_at)
        if wait_s:
            return rate_limited(wait_s)
    channel.last_post_at = call.arrived_at
    message = _build_message(call, text, parts)
    if len(text) > message_checks.MAX_TEXT and "blocks" not in parts:
        message["text"], *rest = message_checks.split_text(text)
    else:
        rest = []
    state.post(call.workspace, channel, message)
    for next_text in rest:
        state.post(call.workspace, channel, _build_message(call, next_text, {}))
    return ok({"channel": channel.id, "ts": message["ts"], "message": message})


def chat_update(call: Call, state: SandboxState) -> ApiResponse:
    """Replace the content of a message. A repeated call has no further effect."""
    require_scope(call, "chat:write")
    channel = find_writable_channel(call)
    index = _find_index(channel, call.args.get("ts"))
    if index is None:
        raise RequestRefused("message_not_found")
    text, parts = message_checks.parse_content(call.args)
    if len(text) > message_checks.MAX_TEXT:
        raise RequestRefused("msg_too_long")
    before = channel.messages[index]
    message = before | {"text": text, "edited": {"user": BOT["user"], "ts": f"{time.time():.6f}"}} | parts
    if "blocks" not in parts:
        message.pop("blocks", None)
    state.replace(call.workspace, channel, index, message)
    return ok({"channel": channel.id, "ts": message["ts"], "text": text, "message": message})


def conversations_info(call: Call, state: SandboxState) -> ApiResponse:
    """Return the state of a channel."""
    channel = find_channel(call)
    require_scope(call, "groups:read" if channel.is_private else "channels:read")
    fields = {
        "id": channel.id,
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": not channel.is_private,
        "is_group": channel.is_private,
        "is_im": False,
        "is_mpim": False,
        "is_private": channel.is_private,
        "is_archived": channel.is_archived,
        "is_general": channel.name == "general",
        "is_member": channel.is_member,
        "is_shared": False,
        "is_ext_shared": False,
        "creator": BOT["user"],
        "created": 1700000000,
        "context_team_id": call.workspace.team_id,
    }
    return ok({"channel": fields})


def users_info(call: Call, state: SandboxState) -> ApiResponse:
    """Return a user, with the time zone that schedbot reads."""
    require_scope(call, "users:read")
    user = call.workspace.users.get(str(call.args.get("user")))
    if user is None:
        raise RequestRefused("user_not_found")
    name = user.id.lower()
    fields: Json = {"id": user.id, "team_id": call.workspace.team_id, "name": name, "profile": {"real_name": name}}
    fields |= {"deleted": user.deleted, "is_bot": user.is_bot}
    # Slack returns fewer fields for a deactivated user.
    return ok({"user": fields if user.deleted else fields | {"real_name": name, "tz": user.tz}})


def require_scope(call: Call, scope: str) -> None:
    """Raise RequestRefused if the token lacks the scope."""
    if scope not in call.workspace.scopes:
        raise RequestRefused("missing_scope", {"needed": scope, "provided": ",".join(call.workspace.scopes)})


def find_channel(call: Call) -> SandboxChannel:
    """Return the channel in the arguments. Raises RequestRefused."""
    channel_id = call.args.get("channel")
    if not channel_id:
        raise detailed_refusal("invalid_arguments", ["missing required field: channel"], with_errors=False)
    channel = call.workspace.find_channel(str(channel_id))
    if channel is None:
        raise RequestRefused("channel_not_found")
    return channel


def find_writable_channel(call: Call) -> SandboxChannel:
    """Return the channel in the arguments if it is not archived. Raises RequestRefused."""
    channel = find_channel(call)
    if channel.is_archived:
        raise RequestRefused("is_archived")
    return channel


def _build_message(call: Call, text: str, parts: Json) -> Json:
    message: Json = {"type": "message", "team": call.workspace.team_id, **BOT, "text": text, **parts}
    for name in ("thread_ts", "username", "icon_emoji", "icon_url"):
        if call.args.get(name):
            message[name] = call.args[name]
    if "username" in message:
        message["subtype"] = "bot_message"
    return message


def _find_index(channel: SandboxChannel, ts: Any) -> int | None:
    try:
        return channel.find(str(ts))
    except ValueError:
        return None


Method = Callable[[Call, SandboxState], ApiResponse]
