"""Proxies on the way to Slack: with and without a scheme, and those that are none."""

import asyncio
import socket

import pytest

from schedbot.model import AttemptResult, Message, Outcome
from schedbot.slack import proxies
from schedbot.slack.client import SlackClient


def post_through(proxy: str, monkeypatch: pytest.MonkeyPatch) -> AttemptResult:
    """Post to a Slack that only the proxy could reach."""
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


@pytest.mark.parametrize(
    "proxy", ["socks5://proxy.test:1080", "http://", "http://[::1", "ftp://proxy.test", "proxy test:3128", "proxy:http"]
)
def test_address_that_is_no_http_proxy_is_named(proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    reply = post_through(proxy, monkeypatch)
    assert (reply.outcome, reply.error) == (Outcome.NOT_POSTED, "bad_proxy")


def test_proxy_in_brackets_is_usable() -> None:
    assert proxies.is_usable(proxies.complete_proxy("[::1]:3128"))
