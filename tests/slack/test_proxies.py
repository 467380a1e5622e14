"""Proxies on the way to Slack: with and without a scheme, and those that are none."""

import asyncio
import socket

import pytest

from schedbot.model import AttemptResult, Message, Outcome
from schedbot.slack import proxies
from schedbot.slack.client import SlackClient


def post_through(proxy: str, monkeypatch: pytest.MonkeyPatch) -> AttemptResult:
    """Post to a Slack that only the proxy could reach."""
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.setenv("HTTPS_PROXY", proxy)

    async def run() -> AttemptResult:
        async with SlackClient("http://slack.invalid/api/", 5_000, in_flight=1) as client:
            return await client.post("xoxb-sandbox-acme", "C0123456789", Message("Hello"), None)

    return asyncio.run(run())


@pytest.mark.parametrize("form", ["http://{}", "{}", " {} ", "http://{}/", "user:secret@{}"])
def test_proxy_without_a_scheme_is_an_http_proxy(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
    reply = post_through(form.format(address), monkeypatch)
    assert (reply.outcome, reply.error) == (Outcome.NOT_POSTED, "connection_refused")
    assert reply.detail is not None
    assert address in reply.detail
    assert "secret" not in reply.detail


@pytest.mark.parametrize(
    "proxy", ["socks5://proxy.test:1080", "http://", "http://[::1", "ftp://proxy.test", "proxy test:3128", "proxy:http"]
)
def test_address_that_is_no_http_proxy_is_named(proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    reply = post_through(proxy, monkeypatch)
    assert (reply.outcome, reply.error) == (Outcome.NOT_POSTED, "bad_proxy")


@pytest.mark.parametrize("variable", proxies.VARIABLES)
def test_variable_of_the_proxy_is_named(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, "user:secret@[::1]:3128")
    proxy = proxies.find_proxy("https://slack.com/api/")
    assert proxy is not None
    assert (str(proxy), proxy.is_usable) == (f"{variable}: http://[::1]:3128", True)


@pytest.mark.parametrize("hosts", ["slack.com", ".slack.com,localhost", "*", "slack.com:443"])
def test_host_of_no_proxy_is_reached_directly(hosts: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "http://proxy.test:3128")
    monkeypatch.setenv("NO_PROXY", hosts)
    assert proxies.find_proxy("https://slack.com:443/api/") is None


@pytest.mark.parametrize("host", ["127.0.0.1:8765", "localhost", "[::1]:1"])
def test_loopback_has_no_proxy(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.test:3128")
    assert proxies.find_proxy(f"http://{host}/api/") is None
