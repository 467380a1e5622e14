"""`auth.test` and `users.info`: the token's workspace, and a user."""

from schedbot.sandbox.api_responses import ApiResponse, Json, RequestRefused, ok
from schedbot.sandbox.methods.call import Call, require_scope
from schedbot.sandbox.state import SandboxState
from schedbot.sandbox.workspaces import BOT


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
