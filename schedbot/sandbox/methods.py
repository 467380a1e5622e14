"""Slack's methods, as far as schedbot calls them: one function each, arguments in, Slack's answer out.

Each checks in Slack's order: scope, channel, archived, membership, then what was sent.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from schedbot.sandbox import limits, message_checks
from schedbot.sandbox.answers import Answer, Json, Refused, explained, ok, rate_limited
from schedbot.sandbox.state import World
from schedbot.sandbox.workspaces import BOT, Channel, Workspace


@dataclass(frozen=True, slots=True)
class Call:
    """One call that has shown a good token. `arrived_at` is in seconds of the monotonic clock."""

    method: str
    given: Json
    workspace: Workspace
    arrived_at: float


def auth_test(call: Call, world: World) -> Answer:
    """Whose token this is; its scopes are in a header."""
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


def post_message(call: Call, world: World) -> Answer:
    """Store a message, or several where the text is longer than one may be; the answer names the first."""
    need(call, "chat:write")
    channel = reach(call)
    if not channel.is_member and (channel.is_private or "chat:write.public" not in call.workspace.scopes):
        raise Refused("not_in_channel")
    text, parts = message_checks.content(call.given)
    if world.rules.pace:
        wait_s = limits.wait_for_post(channel, call.arrived_at)
        if wait_s:
            return rate_limited(wait_s)
    channel.last_post_at = call.arrived_at
    message = _message(call, text, parts)
    if len(text) > message_checks.TEXT and "blocks" not in parts:
        message["text"], *rest = message_checks.split(text)
    else:
        rest = []
    world.post(call.workspace, channel, message)
    for further in rest:
        world.post(call.workspace, channel, _message(call, further, {}))
    return ok({"channel": channel.id, "ts": message["ts"], "message": message})


def update(call: Call, world: World) -> Answer:
    """Put other content into a message that is there; the same twice does no harm."""
    need(call, "chat:write")
    channel = reach(call)
    place = _place(channel, call.given.get("ts"))
    if place is None:
        raise Refused("message_not_found")
    text, parts = message_checks.content(call.given)
    if len(text) > message_checks.TEXT:
        raise Refused("msg_too_long")
    before = channel.messages[place]
    message = before | {"text": text, "edited": {"user": BOT["user"], "ts": f"{time.time():.6f}"}} | parts
    if "blocks" not in parts:
        message.pop("blocks", None)
    world.change(call.workspace, channel, place, message)
    return ok({"channel": channel.id, "ts": message["ts"], "text": text, "message": message})


def info(call: Call, world: World) -> Answer:
    """What a channel is."""
    channel = find(call)
    need(call, "groups:read" if channel.is_private else "channels:read")
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


def user_info(call: Call, world: World) -> Answer:
    """Who a user is; schedbot asks for the time zone."""
    need(call, "users:read")
    person = call.workspace.people.get(str(call.given.get("user")))
    if person is None:
        raise Refused("user_not_found")
    name = person.id.lower()
    fields: Json = {"id": person.id, "team_id": call.workspace.team_id, "name": name, "profile": {"real_name": name}}
    fields |= {"deleted": person.deleted, "is_bot": person.is_bot}
    # Slack says less of one who is deactivated.
    return ok({"user": fields if person.deleted else fields | {"real_name": name, "tz": person.tz}})


def need(call: Call, scope: str) -> None:
    """Raises Refused if the token lacks the scope."""
    if scope not in call.workspace.scopes:
        raise Refused("missing_scope", {"needed": scope, "provided": ",".join(call.workspace.scopes)})


def find(call: Call) -> Channel:
    """The channel that was named. Raises Refused."""
    named = call.given.get("channel")
    if not named:
        raise explained("invalid_arguments", ["missing required field: channel"], errors=False)
    channel = call.workspace.channel(str(named))
    if channel is None:
        raise Refused("channel_not_found")
    return channel


def reach(call: Call) -> Channel:
    """The channel that was named, if it can still be written to. Raises Refused."""
    channel = find(call)
    if channel.is_archived:
        raise Refused("is_archived")
    return channel


def _message(call: Call, text: str, parts: Json) -> Json:
    message: Json = {"type": "message", "team": call.workspace.team_id, **BOT, "text": text, **parts}
    for kept in ("thread_ts", "username", "icon_emoji", "icon_url"):
        if call.given.get(kept):
            message[kept] = call.given[kept]
    if "username" in message:
        message["subtype"] = "bot_message"
    return message


def _place(channel: Channel, ts: Any) -> int | None:
    try:
        return channel.find(str(ts))
    except ValueError:
        return None


Method = Callable[[Call, World], Answer]
