"""Foreign web pages neither read nor control the sandbox, and no request makes it fail."""

from collections.abc import Mapping

import pytest

from tests.support.sandbox.client import SandboxClient

DOORS = [("GET", "/"), ("GET", "/sandbox/messages"), ("POST", "/api/chat.postMessage"), ("GET", "/api/auth.test")]
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize(("verb", "path"), DOORS)
@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "127.0.0.1.evil.example"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:1"},
    ],
    ids=str,
)
def test_foreign_page_is_refused(slack_server: SandboxClient, verb: str, path: str, headers: Mapping[str, str]) -> None:
    assert slack_server.send(verb, path, headers=dict(headers)).status == 403


@pytest.mark.parametrize(("verb", "path"), DOORS[1:])
@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_request_from_another_site_is_refused(slack_server: SandboxClient, verb: str, path: str, site: str) -> None:
    assert slack_server.send(verb, path, headers={**FORM, "Sec-Fetch-Site": site}).status == 403


def test_link_on_another_site_opens_the_page(slack_server: SandboxClient) -> None:
    assert slack_server.send("GET", "/", headers={"Sec-Fetch-Site": "cross-site"}).status == 200


@pytest.mark.parametrize("path", ["/api/chat.postMessage", "/sandbox/faults", "/sandbox/people"])
@pytest.mark.parametrize("body", ["[" * 100_000, '{"blocks":' + "[" * 100_000], ids=["a list", "in an object"])
def test_deep_json_is_refused(slack_server: SandboxClient, path: str, body: str) -> None:
    assert slack_server.send("POST", path, body, headers=JSON).status == 400


@pytest.mark.parametrize("field", ["blocks", "metadata", "attachments"])
def test_deep_json_in_a_form_is_no_failure(slack_server: SandboxClient, field: str) -> None:
    body = f"channel=C0SANDBOX01&text=x&token=xoxb-sandbox-acme&{field}={'[' * 100_000}"
    assert slack_server.send("POST", "/api/chat.postMessage", body, headers=FORM).status in (200, 400)


def test_unreadable_numbers_and_charsets_are_no_failure(slack_server: SandboxClient) -> None:
    assert slack_server.send("GET", f"/sandbox/messages?newest={'9' * 5_000}").status == 200
    assert slack_server.send("DELETE", f"/sandbox/faults?id={'9' * 5_000}").status == 200
    headers = {"Content-Type": "application/json; charset=nosuch"}
    assert slack_server.send("POST", "/sandbox/reset", "{}", headers=headers).status == 200
