"""`conversations.info` and `conversations.open`: the state of a channel, and the direct messages with a person."""

from schedbot.sandbox.api_responses import ApiResponse, RequestRefused, ok
from schedbot.sandbox.methods.call import Call, find_channel, require_scope
from schedbot.sandbox.state import SandboxState
from schedbot.sandbox.workspaces import BOT, SandboxUser


def conversations_info(call: Call, state: SandboxState) -> ApiResponse:
    """Return the state of a channel."""
    channel = find_channel(call)
    require_scope(call, f"{channel.scope_prefix}:read")
    if channel.user:
        fields = {"id": channel.id, "is_im": True, "is_archived": channel.is_archived, "user": channel.user}
        user = call.workspace.users.get(channel.user)
        is_deleted = user is not None and user.deleted
        return ok({"channel": {**fields, "is_user_deleted": is_deleted, "created": 1700000000}})
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


def conversations_open(call: Call, state: SandboxState) -> ApiResponse:
    """Return the channel of the direct messages with one person; it is created by the first call."""
    require_scope(call, "im:write")
    ids = [user_id.strip() for user_id in str(call.args.get("users") or "").split(",") if user_id.strip()]
    if not ids:
        raise RequestRefused("users_list_not_supplied")
    if len(ids) > 1:
        raise RequestRefused("method_not_supported_for_channel_type")
    user = find_reachable_user(call, ids[0])
    is_open = call.workspace.find_direct(user.id) is not None
    channel = call.workspace.open_direct(user.id)
    return ok({"channel": {"id": channel.id}} | ({"no_op": True, "already_open": True} if is_open else {}))


def find_reachable_user(call: Call, user_id: str) -> SandboxUser:
    """Return the person with this id, who may get direct messages. Raises RequestRefused."""
    user = call.workspace.users.get(user_id)
    if user is None:
        raise RequestRefused("user_not_found")
    if user.deleted:
        raise RequestRefused("user_disabled")
    if user.is_bot:
        raise RequestRefused("cannot_dm_bot")
    return user
