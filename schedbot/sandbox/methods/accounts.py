"""`auth.test`, `users.info` and `oauth.v2.access`: the token's workspace, a user, and a new pair of tokens."""

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


def oauth_access(call: Call, state: SandboxState) -> ApiResponse:
    """Exchange a refresh token, which works once, for a new pair. The tokens before stay valid."""
    workspace = call.workspace
    if call.args.get("grant_type") != "refresh_token":
        raise RequestRefused("invalid_grant_type")
    if call.args.get("refresh_token") != workspace.refresh_token:
        raise RequestRefused("invalid_refresh_token")
    workspace.rotations += 1
    token = f"xoxe.{workspace.token}-{workspace.rotations}"
    state.by_token[token] = workspace
    fields: Json = {"access_token": token, "refresh_token": workspace.refresh_token, "expires_in": 43_200}
    fields |= {"token_type": "bot", "bot_user_id": BOT["user"], "app_id": BOT["app_id"]}
    return ok(fields | {"team": {"id": workspace.team_id, "name": workspace.name}})
