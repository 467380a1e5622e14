"""Replies of the client over real HTTP, against a server with scripted failures."""

import asyncio
import logging
import socket
from collections.abc import Callable

import pytest

from schedbot.model import AttemptResult, Message, Outcome
from schedbot.posts import MessageMetadata
from schedbot.slack.client import SlackClient
from schedbot.slack.response_models import ChannelInfo, Identity
from tests.support.raw_http import POSTED, RawServer, Responder, break_off, hang_up, raw_server, reply_with, stall

TOKEN = "xoxb-sandbox-acme"
CHANNEL = "C0123456789"
HELLO = Message("Hello")
METADATA = MessageMetadata("installation-1", "5a6c0d1e:1767225600000", 2)


def post(*responders: Responder, message: Message = HELLO, timeout_ms: int = 5_000) -> tuple[AttemptResult, RawServer]:
    """Post once to a server that takes `responders`."""

    async def run() -> tuple[AttemptResult, RawServer]:
        async with raw_server(*responders) as slack, SlackClient(slack.api_url, timeout_ms, in_flight=2) as client:
            return await client.post(TOKEN, CHANNEL, message, METADATA), slack

    return asyncio.run(run())


def post_to(api_url: str, timeout_ms: int = 5_000) -> AttemptResult:
    """Post once to an address."""

    async def run() -> AttemptResult:
        async with SlackClient(api_url, timeout_ms, in_flight=1) as client:
            return await client.post(TOKEN, CHANNEL, HELLO, METADATA)

    return asyncio.run(run())


def test_response_with_a_ts_is_posted() -> None:
    reply, _ = post(reply_with(POSTED))
    assert reply == AttemptResult(Outcome.POSTED, None, "1700000000.000100", 200)


def test_post_has_metadata_and_does_not_unfurl() -> None:
    _, slack = post(reply_with(POSTED))
    (request,) = slack.requests
    assert request.method == "chat.postMessage"
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert request.body == {
        "channel": CHANNEL,
        "text": "Hello",
        "unfurl_links": False,
        "unfurl_media": False,
        "metadata": {
            "event_type": "schedbot_job",
            "event_payload": {"installation": "installation-1", "occurrence": "5a6c0d1e:1767225600000", "attempt": 2},
        },
    }


def test_blocks_are_sent_with_the_text() -> None:
    block = {"type": "section", "text": {"type": "mrkdwn", "text": "*Hello* \u2603 <!here>"}}
    _, slack = post(reply_with(POSTED), message=Message("Hello \u2603", (block,)))
    assert slack.requests[0].body["blocks"] == [block]
    assert slack.requests[0].body["text"] == "Hello \u2603"


@pytest.mark.parametrize(
    ("responder", "error", "status"),
    [
        pytest.param(hang_up, "connection_lost", None, id="closed without a response"),
        pytest.param(break_off, "connection_lost", 200, id="closed in the middle of the response"),
        pytest.param(stall, "timeout", None, id="no response in time"),
        pytest.param(reply_with(b"<html>busy</html>"), "not_json", 200, id="page labelled as JSON"),
        pytest.param(reply_with(b"<html>", Content_Type="text/html"), "not_json", 200, id="page"),
        pytest.param(reply_with(b"ok", Content_Type="text/plain"), "not_json", 200, id="plain text"),
        pytest.param(reply_with(b"\x1f\x8b", Content_Type="application/gzip"), "not_json", 200, id="archive"),
        pytest.param(reply_with(b"[1]"), "not_json", 200, id="list"),
        pytest.param(reply_with(b""), "not_json", 200, id="empty body"),
        pytest.param(
            reply_with(b"<html>", 502, Content_Type="text/html"), "http_502", 502, id="error page of a gateway"
        ),
        pytest.param(reply_with(b"<html>", 503), "http_503", 503, id="error page labelled as JSON"),
        pytest.param(reply_with(b"busy", 500, Content_Type="text/plain"), "http_500", 500, id="error in plain text"),
        pytest.param(reply_with({"ok": False, "error": "fatal_error"}, 500), "fatal_error", 500, id="Slack's own 500"),
        pytest.param(reply_with({"ok": True}), "no_ts", 200, id="ok without a ts"),
        pytest.param(reply_with({"ok": True, "ts": "17.01"}), "wrong_channel", 200, id="ok without a channel"),
        pytest.param(reply_with(POSTED | {"channel": "C9"}), "wrong_channel", 200, id="ok of another channel"),
        pytest.param(reply_with({"ok": False, "error": "brand_new"}), "brand_new", 200, id="unknown code"),
    ],
)
def test_failure_after_the_request_was_written_is_unknown(responder: Responder, error: str, status: int | None) -> None:
    reply, slack = post(responder, timeout_ms=400)
    assert (reply.outcome, reply.error, reply.http_status, reply.ts) == (Outcome.UNKNOWN, error, status, None)
    assert len(slack.requests) == 1


def test_lost_response_does_not_post_again() -> None:
    reply, slack = post(hang_up, reply_with(POSTED))
    assert reply.outcome is Outcome.UNKNOWN
    assert len(slack.requests) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_does_not_send_a_post_again(status: int) -> None:
    reply, slack = post(reply_with(b"", status, Location="/api/chat.postMessage"), reply_with(POSTED))
    assert (reply.outcome, reply.error) == (Outcome.UNKNOWN, f"http_{status}")
    assert len(slack.requests) == 1


def test_connection_closed_under_a_post_is_unknown() -> None:
    async def twice() -> tuple[AttemptResult, AttemptResult, int]:
        async with (
            raw_server(reply_with(POSTED), hang_up) as slack,
            SlackClient(slack.api_url, 5_000, in_flight=1) as client,
        ):
            first, second = [await client.post(TOKEN, CHANNEL, HELLO, METADATA) for _ in range(2)]
            return first, second, slack.connections

    first, second, connections = asyncio.run(twice())
    assert (first.outcome, second.outcome, second.error) == (Outcome.POSTED, Outcome.UNKNOWN, "connection_lost")
    assert connections == 1


def closed_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"http://127.0.0.1:{server.getsockname()[1]}/api/"


@pytest.mark.parametrize(
    ("api_url", "error"),
    [
        pytest.param(closed_port, "connection_refused", id="no server"),
        pytest.param(lambda: "http://slack.invalid/api/", "dns", id="unknown host name"),
        pytest.param(lambda: "slack.example/api", "bad_api_url", id="address without http"),
        pytest.param(lambda: "http:///api/", "bad_api_url", id="address without a host"),
    ],
)
def test_failed_connection_is_not_posted(api_url: Callable[[], str], error: str) -> None:
    reply = post_to(api_url())
    assert (reply.outcome, reply.error) == (Outcome.NOT_POSTED, error)


def test_failed_tls_is_not_posted() -> None:
    async def run() -> tuple[AttemptResult, int]:
        async with (
            raw_server(reply_with(POSTED)) as slack,
            SlackClient(slack.api_url.replace("http", "https", 1), 2_000, in_flight=1) as client,
        ):
            return await client.post(TOKEN, CHANNEL, HELLO, METADATA), len(slack.requests)

    reply, arrived = asyncio.run(run())
    assert (reply.outcome, reply.error, arrived) == (Outcome.NOT_POSTED, "tls", 0)


def test_connection_time_out_is_not_posted() -> None:
    with socket.socket() as full:  # its queue of connections is never accepted
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        clients = [socket.socket() for _ in range(3)]
        for client in clients:
            client.setblocking(False)
            client.connect_ex(full.getsockname())
        reply = post_to(f"http://127.0.0.1:{full.getsockname()[1]}/api/", timeout_ms=500)
        for client in clients:
            client.close()
    assert (reply.outcome, reply.error) == (Outcome.NOT_POSTED, "connect_timeout")


def test_post_may_have_a_shorter_time_out() -> None:
    async def run() -> AttemptResult:
        async with raw_server(stall) as slack, SlackClient(slack.api_url, 60_000, in_flight=1) as client:
            return await client.post(TOKEN, CHANNEL, HELLO, METADATA, timeout_ms=200)

    assert asyncio.run(run()) == AttemptResult(Outcome.UNKNOWN, "timeout")


@pytest.mark.parametrize(
    ("headers", "wait_ms"),
    [({"Retry_After": "7"}, 7_000), ({}, 30_000), ({"Retry_After": "soon"}, 30_000), ({"Retry_After": "0"}, 1_000)],
)
def test_rate_limit_lasts_as_long_as_retry_after(headers: dict[str, str], wait_ms: int) -> None:
    reply, _ = post(reply_with({"ok": False, "error": "ratelimited"}, 429, **headers))
    assert reply == AttemptResult(Outcome.RATE_LIMITED, "ratelimited", None, 429, wait_ms)


def test_rate_limit_without_json_is_a_rate_limit() -> None:
    reply, _ = post(reply_with(b"slow down", 429, Content_Type="text/plain", Retry_After="3"))
    assert (reply.outcome, reply.error) == (Outcome.RATE_LIMITED, "ratelimited")


def test_many_posts_share_a_few_connections() -> None:
    async def many() -> tuple[set[Outcome], int]:
        async with raw_server(reply_with(POSTED)) as slack, SlackClient(slack.api_url, 5_000, in_flight=3) as client:
            replies = await asyncio.gather(*(client.post(TOKEN, CHANNEL, HELLO, METADATA) for _ in range(60)))
            return {reply.outcome for reply in replies}, slack.connections

    outcomes, connections = asyncio.run(many())
    assert outcomes == {Outcome.POSTED}
    assert connections <= 5


def test_closed_client_posts_nothing() -> None:
    async def after() -> int:
        async with raw_server(reply_with(POSTED)) as slack:
            async with SlackClient(slack.api_url, 5_000, in_flight=1) as client:
                await client.post(TOKEN, CHANNEL, HELLO, METADATA)
            with pytest.raises(RuntimeError, match="outside of its `async with`"):
                await client.post(TOKEN, CHANNEL, HELLO, METADATA)
            return len(slack.requests)

    assert asyncio.run(after()) == 1


def test_workspaces_do_not_share_cookies() -> None:
    async def twice() -> list[str | None]:
        responder = reply_with(POSTED, Set_Cookie="b=acme; Path=/")
        async with raw_server(responder) as slack, SlackClient(slack.api_url, 5_000, in_flight=1) as client:
            for token in ("xoxb-sandbox-acme", "xoxb-sandbox-globex"):
                await client.post(token, CHANNEL, HELLO, None)
            return [request.headers.get("cookie") for request in slack.requests]

    assert asyncio.run(twice()) == [None, None]


def test_repr_and_log_show_neither_token_nor_message(caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> str:
        async with raw_server(hang_up) as slack, SlackClient(slack.api_url, 5_000, in_flight=1) as client:
            reply = await client.post(TOKEN, CHANNEL, HELLO, METADATA)
            return f"{client!r} {client} {reply!r}"

    with caplog.at_level(logging.DEBUG):
        shown = asyncio.run(run())
    assert "connection_lost" in shown
    assert TOKEN not in shown + caplog.text
    assert HELLO.text not in caplog.text


def test_loopback_is_reached_without_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", closed_port())
    reply, _ = post(reply_with(POSTED))
    assert reply.outcome is Outcome.POSTED


def test_identity_has_the_workspace_and_the_scopes() -> None:
    async def run() -> Identity | AttemptResult:
        body = {"ok": True, "team": "Acme", "team_id": "T1", "user": "schedbot", "url": "https://acme.slack.com/"}
        responder = reply_with(body, x_oauth_scopes="chat:write, channels:read")
        async with raw_server(responder) as slack, SlackClient(slack.api_url, 5_000, in_flight=1) as client:
            return await client.fetch_identity(TOKEN)

    scopes = frozenset({"chat:write", "channels:read"})
    assert asyncio.run(run()) == Identity("Acme", "T1", "schedbot", "https://acme.slack.com/", scopes)


def test_channel_info_has_the_channels_flags() -> None:
    async def run() -> ChannelInfo | AttemptResult:
        channel = {"id": CHANNEL, "name": "reports", "is_archived": True, "is_member": False, "is_private": True}
        responder = reply_with({"ok": True, "channel": channel})
        async with raw_server(responder) as slack, SlackClient(slack.api_url, 5_000, in_flight=1) as client:
            return await client.fetch_channel(TOKEN, CHANNEL)

    assert asyncio.run(run()) == ChannelInfo(CHANNEL, "reports", True, False, True)


@pytest.mark.parametrize(
    ("responder", "is_recorded"),
    [
        pytest.param(reply_with(POSTED, Date="Thu, 01 Jan 2026 00:00:00 GMT"), True, id="response of Slack"),
        pytest.param(reply_with(b"<html>", 502, Date="Thu, 01 Jan 2026 00:00:00 GMT"), False, id="page of a proxy"),
        pytest.param(reply_with(b"{}", 200, Date="Thu, 01 Jan 2026 00:00:00 GMT"), False, id="response without ok"),
    ],
)
def test_clock_offset_comes_from_slacks_responses_alone(responder: Responder, is_recorded: bool) -> None:
    async def run() -> int | None:
        async with raw_server(responder) as slack, SlackClient(slack.api_url, 5_000, in_flight=1) as client:
            await client.post(TOKEN, CHANNEL, HELLO, METADATA)
            offset_ms = client.take_clock_offset()
            assert client.take_clock_offset() is None
            return offset_ms

    assert (asyncio.run(run()) is not None) is is_recorded
