"""The sandbox's page: self-contained, live, and safe from foreign web pages."""

import base64
import hashlib
import json
import re
from http.client import HTTPConnection, HTTPResponse
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.support.app import App
from tests.support.sandbox.client import SandboxClient


def test_page_makes_no_requests_to_other_hosts(slack_server: SandboxClient) -> None:
    page = slack_server.send("GET", "/")
    assert page.headers["content-type"].startswith("text/html")
    assert re.findall(r"""(?:src|href)=["']""", page.text) == []
    assert "https://" not in page.text
    assert "@import" not in page.text


def test_policy_allows_only_the_pages_script(slack_server: SandboxClient) -> None:
    page = slack_server.send("GET", "/")
    scripts = re.findall(r"<script>(.*?)</script>", page.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(scripts[0].encode()).digest()).decode()
    policy = page.headers["content-security-policy"]
    assert len(scripts) == 1
    assert f"script-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy


def test_page_never_inserts_html(slack_server: SandboxClient) -> None:
    page = slack_server.send("GET", "/").text
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", page)


def next_event(response: HTTPResponse) -> dict[str, Any]:
    while not (line := response.readline()).startswith(b"data: "):
        assert line, "the stream ended"
    event: dict[str, Any] = json.loads(line[len(b"data: ") :])
    return event


def test_events_report_messages_and_faults(slack_server: SandboxClient) -> None:
    connection = HTTPConnection(urlsplit(slack_server.running.url).netloc, timeout=10)
    connection.request("GET", "/sandbox/events")
    stream = connection.getresponse()
    assert stream.readline() == b": hello\n"
    slack_server("chat.postMessage", channel="C0SANDBOX01", text="<script>")
    slack_server.control.order("error")
    event = next_event(stream)
    assert (event["what"], event["workspace"], event["channel"]) == ("posted", "acme", "C0SANDBOX01")
    assert event["message"]["text"] == "<script>"
    assert next_event(stream)["what"] == "faults"
    connection.close()


@pytest.mark.parametrize("path", ["/", "/sandbox/messages", "/sandbox/workspaces"])
def test_other_host_header_is_refused(slack_server: SandboxClient, path: str) -> None:
    assert slack_server.send("GET", path, headers={"Host": "evil.example"}).status == 403


def test_form_of_a_foreign_page_orders_no_fault(slack_server: SandboxClient) -> None:
    headers = {"Content-Type": "text/plain"}
    response = slack_server.send("POST", "/sandbox/faults", '{"kind": "error"}', headers)
    assert response.status == 400
    assert slack_server.control.faults() == []


def test_newest_messages_can_be_listed(any_server: SandboxClient) -> None:
    for text in "abc":
        any_server("chat.postMessage", channel="C1", text=text)
    body = any_server.send("GET", "/sandbox/messages?channel=C1&workspace=acme&newest=2").body
    assert [message["text"] for message in body["messages"]] == ["b", "c"]


@pytest.mark.slow
def test_page_looks_up_the_names_of_schedules(app: App) -> None:
    schedule = app.add_schedule("acme-weekly", cron="0 9 * * mon")
    server = app.start("sandbox", "--port", "0")
    assert server.stderr is not None
    url = server.stderr.readline().split()[1]
    body = json.dumps({"ids": [schedule.id, "none"]})
    names = ask_for_names(url, body)
    assert names == {"ok": True, "names": {schedule.id: "acme-weekly"}}
    app.path.rename(app.folder / "moved.db")
    assert ask_for_names(url, body) == {"ok": True, "names": {}}
    assert ask_for_names(url, '{"ids": [1]}')["error"] == "The ids are not a list of texts."


def ask_for_names(url: str, body: str) -> dict[str, Any]:
    connection = HTTPConnection(urlsplit(url).netloc, timeout=10)
    connection.request("POST", "/sandbox/schedule-names", body, {"Content-Type": "application/json"})
    answer: dict[str, Any] = json.loads(connection.getresponse().read())
    connection.close()
    return answer


def test_sandbox_without_a_database_shows_names_it_was_told(slack_server: SandboxClient) -> None:
    answer = slack_server.send(
        "POST", "/sandbox/schedule-names", '{"ids": ["a"]}', {"Content-Type": "application/json"}
    )
    assert answer.body["names"] == {}
    slack_server.control.name_schedules({"a": "acme-weekly"})
    answer = slack_server.send(
        "POST", "/sandbox/schedule-names", '{"ids": ["a", "b"]}', {"Content-Type": "application/json"}
    )
    assert answer.body["names"] == {"a": "acme-weekly"}
