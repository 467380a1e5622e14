"""Who asks, what for, and what a channel and a user are."""

import pytest
from slack_sdk import WebClient

from schedbot.errors import BadInput
from tests.support.sandbox_client import SandboxClient


def test_slack_sdk_sees_workspace_and_scopes(slack_server: SandboxClient) -> None:
    answer = WebClient("xoxb-sandbox-globex", base_url=slack_server.running.api_url).auth_test()
    assert (answer["team"], answer["url"]) == ("globex", "https://globex.slack.com/")
    assert answer["team_id"].startswith("T")
    assert "chat:write" in answer.headers["x-oauth-scopes"].split(",")


@pytest.mark.parametrize("method", ["auth.test", "chat.postMessage", "conversations.history"])
def test_a_bad_token_and_none_are_told_apart(slack_server: SandboxClient, method: str) -> None:
    assert slack_server(method, "xoxb-wrong").body == {"ok": False, "error": "invalid_auth"}
    assert slack_server.send("POST", f"/api/{method}").body == {"ok": False, "error": "not_authed"}


def test_an_unknown_method_is_named(slack_server: SandboxClient) -> None:
    assert slack_server("chat.shout").body == {"ok": False, "error": "unknown_method", "req_method": "chat.shout"}


@pytest.mark.parametrize(("body", "code"), [("{", "invalid_json"), ("[]", "json_not_object"), ("1", "json_not_object")])
def test_a_body_that_is_no_object_is_refused(slack_server: SandboxClient, body: str, code: str) -> None:
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
def test_slack_sdk_learns_what_a_channel_is(
    slack_server: SandboxClient, channel: str, name: str, archived: bool, member: bool
) -> None:
    client = WebClient("xoxb-sandbox-acme", base_url=slack_server.running.api_url)
    found = client.conversations_info(channel=channel)["channel"]
    assert (found["id"], found["name"], found["is_private"]) == (channel, name, False)
    assert (found["is_archived"], found["is_member"]) == (archived, member)


def test_any_channel_lets_ids_exist_but_not_names(any_server: SandboxClient) -> None:
    assert any_server("conversations.info", channel="C0NEVERSEEN").body["channel"]["is_private"] is False
    assert any_server("conversations.info", channel="G0NEVERSEEN").body["channel"]["is_private"] is True
    assert any_server("conversations.info", channel="#general").body["error"] == "channel_not_found"


def test_slack_sdk_learns_a_users_time_zone(slack_server: SandboxClient) -> None:
    client = WebClient("xoxb-sandbox-acme", base_url=slack_server.running.api_url)
    assert client.users_info(user="U0SANDBOX01")["user"]["tz"] == "America/Los_Angeles"
    assert slack_server("users.info", user="U0NOBODY").body["error"] == "user_not_found"


def test_a_workspace_that_is_added_has_its_own_channels(slack_server: SandboxClient) -> None:
    slack_server.control.add_workspace("initech", "xoxb-initech", [{"id": "G7", "name": "secret", "is_private": True}])
    assert slack_server("chat.postMessage", "xoxb-initech", channel="G7", text="x").body["ok"] is True
    assert slack_server("chat.postMessage", channel="G7", text="x").body["error"] == "channel_not_found"
    assert slack_server("conversations.info", "xoxb-initech", channel="G7").body["channel"]["name"] == "secret"


def test_a_token_names_one_workspace_alone(slack_server: SandboxClient) -> None:
    with pytest.raises(Exception, match="'acme' has that token"):
        slack_server.control.add_workspace("thief", "xoxb-sandbox-acme")


def client(slack_server: SandboxClient) -> WebClient:
    return WebClient("xoxb-sandbox-acme", base_url=slack_server.running.api_url)


def test_a_user_can_move_to_another_time_zone_in_one_workspace_alone(slack_server: SandboxClient) -> None:
    slack_server.control.person("U0MOVES", tz="America/Los_Angeles")
    slack_server.control.person("U0MOVES", tz="Asia/Tokyo", workspace="globex")
    assert client(slack_server).users_info(user="U0MOVES")["user"]["tz"] == "America/Los_Angeles"
    slack_server.control.person("U0MOVES", tz="America/New_York", workspace="acme")
    assert client(slack_server).users_info(user="U0MOVES")["user"]["tz"] == "America/New_York"


def test_a_deactivated_user_has_no_time_zone(slack_server: SandboxClient) -> None:
    slack_server.control.person("U0GONE", tz="America/New_York", deleted=True)
    user = client(slack_server).users_info(user="U0GONE")["user"]
    assert (user["deleted"], user.get("tz")) == (True, None)


def test_a_user_that_is_ordered_wrongly_is_refused_in_words(slack_server: SandboxClient) -> None:
    with pytest.raises(BadInput, match="No workspace is called 'hooli'"):
        slack_server.control.person("U0SANDBOX01", tz="UTC", workspace="hooli")
    with pytest.raises(BadInput, match="is not a user"):
        slack_server.control.person("", tz="UTC")
