"""What a post's answer, or its silence, means: over real HTTP, against a server that misbehaves to order."""

import asyncio
import logging
import socket
from collections.abc import Callable

import pytest

from schedbot.model import AttemptResult, Message, MessageMetadata, Outcome
from schedbot.slack.client import SlackClient
from schedbot.slack.responses import ChannelSeen, Identity
from tests.support.raw_http import POSTED, RawServer, Responder, break_off, hang_up, raw_server, reply_with, stall

TOKEN = "xoxb-sandbox-acme"
CHANNEL = "C0123456789"
HELLO = Message("Hello")
STAMP = MessageMetadata("installation-1", "5a6c0d1e:1767225600000", 2)


def post(*responders: Responder, message: Message = HELLO, timeout_ms: int = 5_000) -> tuple[AttemptResult, RawServer]:
    """Post once to a server that takes `responders`."""

    async def once() -> tuple[AttemptResult, RawServer]:
        async with raw_server(*responders) as slack, SlackClient(slack.api_url, timeout_ms, in_flight=2) as client:
            return await client.post(TOKEN, CHANNEL, message, STAMP), slack

    return asyncio.run(once())


def post_to(api_url: str, timeout_ms: int = 5_000) -> AttemptResult:
    """Post once to an address."""

    async def once() -> AttemptResult:
        async with SlackClient(api_url, timeout_ms, in_flight=1) as client:
            return await client.post(TOKEN, CHANNEL, HELLO, STAMP)

    return asyncio.run(once())


def test_a_post_that_slack_names_is_posted() -> None:
    reply, _ = post(reply_with(POSTED))
    assert reply == AttemptResult(Outcome.POSTED, None, "1700000000.000100", 200)


def test_a_post_carries_its_stamp_and_does_not_unfurl() -> None:
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


def test_blocks_go_out_beside_the_text() -> None:
    block = {"type": "section", "text": {"type": "mrkdwn", "text": "*Hello* \u2603 <!here>"}}
    _, slack = post(reply_with(POSTED), message=Message("Hello \u2603", (block,)))
    assert slack.requests[0].body["blocks"] == [block]
    assert slack.requests[0].body["text"] == "Hello \u2603"


@pytest.mark.parametrize(
    ("responder", "error", "status"),
    [
        pytest.param(hang_up, "connection_lost", None, id="closed without an answer"),
        pytest.param(break_off, "connection_lost", 200, id="closed in the middle of the answer"),
        pytest.param(stall, "timeout", None, id="no answer in time"),
        pytest.param(reply_with(b"<html>busy</html>"), "not_json", 200, id="a page that calls itself JSON"),
        pytest.param(reply_with(b"<html>", Content_Type="text/html"), "not_json", 200, id="a page"),
        pytest.param(reply_with(b"ok", Content_Type="text/plain"), "not_json", 200, id="plain text"),
        pytest.param(reply_with(b"\x1f\x8b", Content_Type="application/gzip"), "not_json", 200, id="an archive"),
        pytest.param(reply_with(b"[1]"), "not_json", 200, id="a list"),
        pytest.param(reply_with(b""), "not_json", 200, id="nothing"),
        pytest.param(
            reply_with(b"<html>", 502, Content_Type="text/html"), "http_502", 502, id="a gateway's error page"
        ),
        pytest.param(reply_with(b"<html>", 503), "http_503", 503, id="an error page that calls itself JSON"),
        pytest.param(reply_with(b"busy", 500, Content_Type="text/plain"), "http_500", 500, id="an error in plain text"),
        pytest.param(reply_with({"ok": False, "error": "fatal_error"}, 500), "fatal_error", 500, id="Slack's own 500"),
        pytest.param(reply_with({"ok": True}), "no_ts", 200, id="ok without a ts"),
        pytest.param(reply_with({"ok": False, "error": "brand_new"}), "brand_new", 200, id="a code nobody knows"),
    ],
)
def test_nobody_knows_whether_it_was_posted_once_the_request_was_written(
    responder: Responder, error: str, status: int | None
) -> None:
    reply, slack = post(responder, timeout_ms=400)
    assert (reply.outcome, reply.error, reply.http_status, reply.ts) == (Outcome.UNKNOWN, error, status, None)
    assert len(slack.requests) == 1


def test_a_lost_answer_does_not_post_again_by_itself() -> None:
    reply, slack = post(hang_up, reply_with(POSTED))
    assert reply.outcome is Outcome.UNKNOWN
    assert len(slack.requests) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_post_is_not_sent_on_to_where_an_answer_redirects_it(status: int) -> None:
    reply, slack = post(reply_with(b"", status, Location="/api/chat.postMessage"), reply_with(POSTED))
    assert (reply.outcome, reply.error) == (Outcome.UNKNOWN, f"http_{status}")
    assert len(slack.requests) == 1


def test_a_kept_alive_connection_that_the_server_closes_under_a_post_leaves_it_unknown() -> None:
    async def twice() -> tuple[AttemptResult, AttemptResult, int]:
        async with (
            raw_server(reply_with(POSTED), hang_up) as slack,
            SlackClient(slack.api_url, 5_000, in_flight=1) as client,
        ):
            first, second = [await client.post(TOKEN, CHANNEL, HELLO, STAMP) for _ in range(2)]
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
        pytest.param(closed_port, "connection_refused", id="nobody listens"),
        pytest.param(lambda: "http://slack.invalid/api/", "dns", id="a name that is none"),
        pytest.param(lambda: "slack.example/api", "bad_api_url", id="an address without http"),
        pytest.param(lambda: "http:///api/", "bad_api_url", id="an address without a host"),
    ],
)
def test_nothing_was_posted_where_no_connection_was_made(api_url: Callable[[], str], error: str) -> None:
    reply = post_to(api_url())
    assert (reply.outcome, reply.error) == (Outcome.NOT_POSTED, error)


def test_nothing_was_posted_where_tls_failed() -> None:
    async def once() -> tuple[AttemptResult, int]:
        async with (
            raw_server(reply_with(POSTED)) as slack,
            SlackClient(slack.api_url.replace("http", "https", 1), 2_000, in_flight=1) as client,
        ):
            return await client.post(TOKEN, CHANNEL, HELLO, STAMP), len(slack.requests)

    reply, arrived = asyncio.run(once())
    assert (reply.outcome, reply.error, arrived) == (Outcome.NOT_POSTED, "tls", 0)


def test_nothing_was_posted_where_the_connection_took_too_long() -> None:
    with socket.socket() as full:  # a queue of connections that nobody takes
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = [socket.socket() for _ in range(3)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(full.getsockname())
        reply = post_to(f"http://127.0.0.1:{full.getsockname()[1]}/api/", timeout_ms=500)
        for one in waiting:
            one.close()
    assert (reply.outcome, reply.error) == (Outcome.NOT_POSTED, "connect_timeout")


def test_a_post_may_have_a_shorter_time_out_of_its_own() -> None:
    async def once() -> AttemptResult:
        async with raw_server(stall) as slack, SlackClient(slack.api_url, 60_000, in_flight=1) as client:
            return await client.post(TOKEN, CHANNEL, HELLO, STAMP, timeout_ms=200)

    assert asyncio.run(once()) == AttemptResult(Outcome.UNKNOWN, "timeout")


@pytest.mark.parametrize(
    ("headers", "wait_ms"),
    [({"Retry_After": "7"}, 7_000), ({}, 30_000), ({"Retry_After": "soon"}, 30_000), ({"Retry_After": "0"}, 1_000)],
)
def test_a_limit_holds_for_as_long_as_slack_says(headers: dict[str, str], wait_ms: int) -> None:
    reply, _ = post(reply_with({"ok": False, "error": "ratelimited"}, 429, **headers))
    assert reply == AttemptResult(Outcome.RATE_LIMITED, "ratelimited", None, 429, wait_ms)


def test_a_limit_without_json_is_a_limit() -> None:
    reply, _ = post(reply_with(b"slow down", 429, Content_Type="text/plain", Retry_After="3"))
    assert (reply.outcome, reply.error) == (Outcome.RATE_LIMITED, "ratelimited")


def test_many_posts_share_a_few_connections() -> None:
    async def many() -> tuple[set[Outcome], int]:
        async with raw_server(reply_with(POSTED)) as slack, SlackClient(slack.api_url, 5_000, in_flight=3) as client:
            replies = await asyncio.gather(*(client.post(TOKEN, CHANNEL, HELLO, STAMP) for _ in range(60)))
            return {reply.outcome for reply in replies}, slack.connections

    outcomes, connections = asyncio.run(many())
    assert outcomes == {Outcome.POSTED}
    assert connections <= 5


def test_a_client_that_is_closed_posts_nothing() -> None:
    async def after() -> int:
        async with raw_server(reply_with(POSTED)) as slack:
            async with SlackClient(slack.api_url, 5_000, in_flight=1) as client:
                await client.post(TOKEN, CHANNEL, HELLO, STAMP)
            with pytest.raises(RuntimeError, match="outside of its `async with`"):
                await client.post(TOKEN, CHANNEL, HELLO, STAMP)
            return len(slack.requests)

    assert asyncio.run(after()) == 1


def test_two_workspaces_on_one_session_do_not_share_cookies() -> None:
    async def twice() -> list[str | None]:
        responder = reply_with(POSTED, Set_Cookie="b=acme; Path=/")
        async with raw_server(responder) as slack, SlackClient(slack.api_url, 5_000, in_flight=1) as client:
            for token in ("xoxb-sandbox-acme", "xoxb-sandbox-globex"):
                await client.post(token, CHANNEL, HELLO, None)
            return [request.headers.get("cookie") for request in slack.requests]

    assert asyncio.run(twice()) == [None, None]


def test_neither_the_token_nor_the_message_is_in_a_repr_or_a_log(caplog: pytest.LogCaptureFixture) -> None:
    async def once() -> str:
        async with raw_server(hang_up) as slack, SlackClient(slack.api_url, 5_000, in_flight=1) as client:
            reply = await client.post(TOKEN, CHANNEL, HELLO, STAMP)
            return f"{client!r} {client} {reply!r}"

    with caplog.at_level(logging.DEBUG):
        shown = asyncio.run(once())
    assert "connection_lost" in shown
    assert TOKEN not in shown + caplog.text
    assert HELLO.text not in caplog.text


def test_a_proxy_does_not_stand_before_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", closed_port())
    reply, _ = post(reply_with(POSTED))
    assert reply.outcome is Outcome.POSTED


def test_a_dead_proxy_means_that_nothing_was_posted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", closed_port())
    reply = post_to("http://slack.invalid/api/")
    assert (reply.outcome, reply.error) == (Outcome.NOT_POSTED, "connection_refused")


def test_auth_test_tells_whose_token_it_is_and_its_scopes() -> None:
    async def once() -> Identity | AttemptResult:
        answer = {"ok": True, "team": "Acme", "team_id": "T1", "user": "schedbot", "url": "https://acme.slack.com/"}
        responder = reply_with(answer, x_oauth_scopes="chat:write, channels:read")
        async with raw_server(responder) as slack, SlackClient(slack.api_url, 5_000, in_flight=1) as client:
            return await client.auth_test(TOKEN)

    scopes = frozenset({"chat:write", "channels:read"})
    assert asyncio.run(once()) == Identity("Acme", "T1", "schedbot", "https://acme.slack.com/", scopes)


def test_a_channel_is_seen_as_slack_tells_it() -> None:
    async def once() -> ChannelSeen | AttemptResult:
        channel = {"id": CHANNEL, "name": "reports", "is_archived": True, "is_member": False, "is_private": True}
        responder = reply_with({"ok": True, "channel": channel})
        async with raw_server(responder) as slack, SlackClient(slack.api_url, 5_000, in_flight=1) as client:
            return await client.conversation_info(TOKEN, CHANNEL)

    assert asyncio.run(once()) == ChannelSeen(CHANNEL, "reports", True, False, True)


@pytest.mark.parametrize(
    ("responder", "told"),
    [
        pytest.param(reply_with(POSTED, Date="Thu, 01 Jan 2026 00:00:00 GMT"), True, id="Slack's own answer"),
        pytest.param(reply_with(b"<html>", 502, Date="Thu, 01 Jan 2026 00:00:00 GMT"), False, id="a proxy's page"),
        pytest.param(
            reply_with(b"{}", 200, Date="Thu, 01 Jan 2026 00:00:00 GMT"), False, id="an object that is not ok"
        ),
    ],
)
def test_slacks_clock_is_taken_from_its_own_answers_alone(responder: Responder, told: bool) -> None:
    async def once() -> int | None:
        async with raw_server(responder) as slack, SlackClient(slack.api_url, 5_000, in_flight=1) as client:
            await client.post(TOKEN, CHANNEL, HELLO, STAMP)
            told_once = client.take_clock()
            assert client.take_clock() is None
            return told_once

    assert (asyncio.run(once()) is not None) is told
