"""Tokens, workspaces, channels and users of the sandbox."""

import pytest
from slack_sdk import WebClient

from schedbot.errors import BadInput
from tests.support.sandbox.client import SandboxClient


def test_auth_test_returns_workspace_and_scopes(slack_server: SandboxClient) -> None:
    response = WebClient("xoxb-sandbox-globex", base_url=slack_server.running.api_url).auth_test()
    assert (response["team"], response["url"]) == ("globex", "https://globex.slack.com/")
    assert response["team_id"].startswith("T")
    assert "chat:write" in response.headers["x-oauth-scopes"].split(",")


@pytest.mark.parametrize("method", ["auth.test", "chat.postMessage", "conversations.history"])
def test_wrong_token_differs_from_a_missing_token(slack_server: SandboxClient, method: str) -> None:
    assert slack_server(method, "xoxb-wrong").body == {"ok": False, "error": "invalid_auth"}
    assert slack_server.send("POST", f"/api/{method}").body == {"ok": False, "error": "not_authed"}


def test_unknown_method_is_named(slack_server: SandboxClient) -> None:
    assert slack_server("chat.shout").body == {"ok": False, "error": "unknown_method", "req_method": "chat.shout"}


@pytest.mark.parametrize(("body", "code"), [("{", "invalid_json"), ("[]", "json_not_object"), ("1", "json_not_object")])
def test_body_without_an_object_is_refused(slack_server: SandboxClient, body: str, code: str) -> None:
    headers = {"Content-Type": "application/json", "Authorization": "Bearer xoxb-sandbox-acme"}
    assert slack_server.send("POST", "/api/auth.test", body, headers).body["error"] == code
    assert slack_server.control.requests()[-1]["outcome"] == code


@pytest.mark.parametrize(
    ("channel", "name", "archived", "member"),
    [
        ("C0SANDBOX01", "general", False, True),
        ("C0SANDBOX02", "reports", False, True),
        ("C0SANDBOX03", "ops", False, True),
        ("C0ARCHIVED1", "old-reports", True, True),
        ("C0NOTMEMBER", "not-invited", False, False),
    ],
)
def test_channel_info_has_the_channels_flags(
    slack_server: SandboxClient, channel: str, name: str, archived: bool, member: bool
) -> None:
    client = WebClient("xoxb-sandbox-acme", base_url=slack_server.running.api_url)
    info = client.conversations_info(channel=channel)["channel"]
    assert (info["id"], info["name"], info["is_private"]) == (channel, name, False)
    assert (info["is_archived"], info["is_member"]) == (archived, member)


def test_any_channel_accepts_ids_but_not_names(any_server: SandboxClient) -> None:
    assert any_server("conversations.info", channel="C0NEVERSEEN").body["channel"]["is_private"] is False
    assert any_server("conversations.info", channel="G0NEVERSEEN").body["channel"]["is_private"] is True
    assert any_server("conversations.info", channel="#general").body["error"] == "channel_not_found"


def test_user_info_has_the_time_zone(slack_server: SandboxClient) -> None:
    client = WebClient("xoxb-sandbox-acme", base_url=slack_server.running.api_url)
    assert client.users_info(user="U0SANDBOX01")["user"]["tz"] == "America/Los_Angeles"
    assert slack_server("users.info", user="U0NOBODY").body["error"] == "user_not_found"


def test_added_workspace_has_its_own_channels(slack_server: SandboxClient) -> None:
    slack_server.control.add_workspace("initech", "xoxb-initech", [{"id": "G7", "name": "secret", "is_private": True}])
    assert slack_server("chat.postMessage", "xoxb-initech", channel="G7", text="x").body["ok"] is True
    assert slack_server("chat.postMessage", channel="G7", text="x").body["error"] == "channel_not_found"
    assert slack_server("conversations.info", "xoxb-initech", channel="G7").body["channel"]["name"] == "secret"


def test_token_belongs_to_a_single_workspace(slack_server: SandboxClient) -> None:
    with pytest.raises(Exception, match="'acme' already has this token"):
        slack_server.control.add_workspace("other", "xoxb-sandbox-acme")


def client(slack_server: SandboxClient) -> WebClient:
    return WebClient("xoxb-sandbox-acme", base_url=slack_server.running.api_url)


def test_users_time_zone_changes_in_a_single_workspace(slack_server: SandboxClient) -> None:
    slack_server.control.set_user("U0MOVES", tz="America/Los_Angeles")
    slack_server.control.set_user("U0MOVES", tz="Asia/Tokyo", workspace="globex")
    assert client(slack_server).users_info(user="U0MOVES")["user"]["tz"] == "America/Los_Angeles"
    slack_server.control.set_user("U0MOVES", tz="America/New_York", workspace="acme")
    assert client(slack_server).users_info(user="U0MOVES")["user"]["tz"] == "America/New_York"


def test_deactivated_user_has_no_time_zone(slack_server: SandboxClient) -> None:
    slack_server.control.set_user("U0GONE", tz="America/New_York", deleted=True)
    user = client(slack_server).users_info(user="U0GONE")["user"]
    assert (user["deleted"], user.get("tz")) == (True, None)


def test_invalid_user_is_refused(slack_server: SandboxClient) -> None:
    with pytest.raises(BadInput, match="No workspace named 'hooli'"):
        slack_server.control.set_user("U0SANDBOX01", tz="UTC", workspace="hooli")
    with pytest.raises(BadInput, match="is not a user"):
        slack_server.control.set_user("", tz="UTC")
