"""`chat.postMessage`, `chat.update` and `chat.delete`.

A reply to a message that was deleted goes to the channel, without an error and without `thread_ts`, as in Slack:
https://github.com/slack-go/slack/issues/1571
"""

import time
from typing import Any

from schedbot.sandbox import limits, message_checks
from schedbot.sandbox.api_responses import ApiResponse, Json, RequestRefused, detailed_refusal, ok, rate_limited
from schedbot.sandbox.methods.call import Call, find_index, find_writable_channel, require_scope
from schedbot.sandbox.methods.pictures import find_picture_errors
from schedbot.sandbox.state import SandboxState
from schedbot.sandbox.workspaces import BOT, SandboxChannel

AUTHOR_FIELDS = ("username", "icon_emoji", "icon_url")
USER_PREFIXES = ("U", "W")


def post_message(call: Call, state: SandboxState) -> ApiResponse:
    """Store a message, or several if the text is too long for a single message. Returns the first."""
    require_scope(call, "chat:write")
    channel = _find_recipient(call)
    require_membership(call, channel)
    if any(call.args.get(name) for name in AUTHOR_FIELDS):
        require_scope(call, "chat:write.customize")
    text, parts = message_checks.parse_content(call.args)
    _refuse_unusable_pictures(call, state, parts)
    if wait_s := reserve_post(call, state, channel):
        return rate_limited(wait_s)
    author = {name: call.args[name] for name in AUTHOR_FIELDS if call.args.get(name)}
    if "username" in author:
        author["subtype"] = "bot_message"
    texts = message_checks.split_text(text) if "blocks" not in parts else [text]
    thread = find_thread(channel, call.args.get("thread_ts"))
    messages = [build_message(call, first_text, author | thread) for first_text in texts]
    messages[0] |= parts
    for message in messages:
        state.post(call.workspace, channel, message)
    return ok({"channel": channel.id, "ts": messages[0]["ts"], "message": messages[0]})


def chat_update(call: Call, state: SandboxState) -> ApiResponse:
    """Replace the content of a message; its `ts` stays. A repeated call has no further effect."""
    require_scope(call, "chat:write")
    channel = find_writable_channel(call)
    index = _find_own_message(call, channel, "cant_update_message")
    before = channel.messages[index]
    window_s = call.workspace.edit_window_s
    if window_s is not None and time.time() - float(before["ts"]) > window_s:
        raise RequestRefused("edit_window_closed")
    text, parts = message_checks.parse_content(call.args)
    _refuse_unusable_pictures(call, state, parts)
    if len(text) > message_checks.MAX_TEXT:
        raise RequestRefused("msg_too_long")
    message = before | {"text": text, "edited": {"user": BOT["user"], "ts": f"{time.time():.6f}"}} | parts
    if "blocks" not in parts:
        message.pop("blocks", None)
    if "attachments" in call.args and "attachments" not in parts:  # an empty list; without the field they stay
        message.pop("attachments", None)
    state.edit(call.workspace, channel, index, message)
    return ok({"channel": channel.id, "ts": message["ts"], "text": text, "message": message})


def chat_delete(call: Call, state: SandboxState) -> ApiResponse:
    """Remove a message. A message with replies leaves a tombstone, and its thread stays."""
    require_scope(call, "chat:write")
    channel = find_writable_channel(call)
    index = _find_own_message(call, channel, "cant_delete_message")
    ts = channel.messages[index]["ts"]
    state.remove(call.workspace, channel, index)
    return ok({"channel": channel.id, "ts": ts})


def require_membership(call: Call, channel: SandboxChannel) -> None:
    """Raise RequestRefused if the bot may not post to the channel."""
    if not channel.is_member and (channel.is_private or "chat:write.public" not in call.workspace.scopes):
        raise RequestRefused("not_in_channel")


def reserve_post(call: Call, state: SandboxState, channel: SandboxChannel) -> int:
    """Return the seconds until the channel takes a message; 0 if now, which counts as a message."""
    wait_s = limits.get_post_wait_s(channel, call.arrived_at) if state.options.pace else 0
    if not wait_s:
        channel.last_post_at = call.arrived_at
    return wait_s


def find_thread(channel: SandboxChannel, thread_ts: Any) -> Json:
    """Return the field `thread_ts` of a reply in this thread; {} if there is no such message.

    The `ts` of a reply names the thread of that reply.
    """
    index = find_index(channel, thread_ts) if thread_ts else None
    if index is None:
        return {}
    parent = channel.messages[index]
    return {"thread_ts": parent.get("thread_ts", parent["ts"])}


def build_message(call: Call, text: str, fields: Json) -> Json:
    """Return a message of the bot with these fields."""
    return {"type": "message", "team": call.workspace.team_id, **BOT, "text": text, **fields}


def _find_recipient(call: Call) -> SandboxChannel:
    """Return the channel in the arguments; a user's id stands for the direct messages with that user.

    Slack accepts messages to a user who was deactivated: https://github.com/slackapi/python-slack-sdk/issues/1156
    """
    user = call.workspace.users.get(str(call.args.get("channel")))
    if user is None or not user.id.startswith(USER_PREFIXES):
        return find_writable_channel(call)
    if user.is_bot:
        raise RequestRefused("cannot_dm_bot")
    if user.deleted and call.workspace.find_direct(user.id) is None:
        raise RequestRefused("channel_not_found")
    return call.workspace.open_direct(user.id)


def _find_own_message(call: Call, channel: SandboxChannel, code: str) -> int:
    """Return the index of the bot's message in the arguments. Raises RequestRefused, with `code` for another's."""
    index = find_index(channel, call.args.get("ts"))
    if index is None or channel.messages[index].get("subtype") == "tombstone":
        raise RequestRefused("message_not_found")
    if channel.messages[index].get("user") != BOT["user"]:
        raise RequestRefused(code)
    return index


def _refuse_unusable_pictures(call: Call, state: SandboxState, parts: Json) -> None:
    """Raise RequestRefused for pictures in the blocks that Slack cannot show."""

    def is_usable(address: str) -> bool:
        return state.has_usable_picture(call.workspace, address)

    for name, code in (("blocks", "invalid_blocks"), ("attachments", "invalid_attachments")):
        if errors := find_picture_errors(parts.get(name) or [], f"/{name}", is_usable):
            raise detailed_refusal(code, errors)
