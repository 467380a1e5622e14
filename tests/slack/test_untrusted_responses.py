"""Responses that are not believed: redirects, dates, bytes on idle connections, and bodies without end."""

import asyncio
import gzip
import json

import pytest

from schedbot.model import AttemptResult, Message, Outcome
from schedbot.slack.client import SlackClient
from schedbot.slack.response_models import AppIds, HistoryPage, UserInfo
from tests.support.raw_http import POSTED, RawRequest, Responder, hang_up, raw_server, reply_with

TOKEN, CHANNEL, HELLO = "xoxb-sandbox-acme", "C0123456789", Message("Hello")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(status: int) -> None:
    async def run() -> tuple[list[HistoryPage | UserInfo | AttemptResult], int]:
        moved = reply_with(b"", status, Location="/api/elsewhere")
        async with raw_server(moved) as slack, SlackClient(slack.api_url, 5_000, in_flight=1) as client:
            page = await client.fetch_history(TOKEN, CHANNEL, oldest="1.0", latest="2.0")
            return [page, await client.fetch_user(TOKEN, "U1")], len(slack.requests)

    results, requests = asyncio.run(run())
    assert (results, requests) == ([AttemptResult(Outcome.UNKNOWN, f"http_{status}", None, status)] * 2, 2)


@pytest.mark.parametrize(
    "date",
    ["soon", "Thu, 01 Jan 99999999999 00:00:00 GMT", "Mon, 01 Jan 0001 00:00:00 +2359", "Thu, 99 Jan 2026", "\u00e9"],
)
def test_malformed_date_changes_no_outcome(date: str) -> None:
    async def run() -> AttemptResult:
        responder = reply_with(POSTED, Date=date)
        async with raw_server(responder) as slack, SlackClient(slack.api_url, 5_000, in_flight=1) as client:
            return await client.post(TOKEN, CHANNEL, HELLO, None)

    assert asyncio.run(run()).outcome is Outcome.POSTED


@pytest.mark.parametrize(
    ("ids", "is_own"),
    [
        pytest.param({"bot_id": "B1", "app_id": "A1"}, True, id="own app"),
        pytest.param({"bot_id": "B1"}, True, id="own bot"),
        pytest.param({"bot_id": "B9", "app_id": "A9"}, False, id="another app"),
        pytest.param({}, False, id="no app"),
    ],
)
@pytest.mark.parametrize("has_posted", [True, False], ids=["known from a post", "known from auth.test"])
def test_own_app_is_known_from_post_or_auth_test(ids: dict[str, str], is_own: bool, has_posted: bool) -> None:
    async def run() -> AppIds:
        own = {"bot_id": "B1", "app_id": "A1"} if has_posted else {"bot_id": "B1"}
        responder = reply_with(POSTED | own | {"message": {"text": "Hello", **own}})
        async with raw_server(responder) as slack, SlackClient(slack.api_url, 5_000, in_flight=1) as client:
            if has_posted:
                await client.post(TOKEN, CHANNEL, HELLO, None)
            own_ids = await client.fetch_app_ids(TOKEN)
            assert await client.fetch_app_ids(TOKEN) == own_ids
            assert len(slack.requests) == 1
            return own_ids

    assert asyncio.run(run()).has_posted(ids) is is_own


def test_unreachable_auth_test_leaves_app_unknown() -> None:
    async def run() -> AppIds:
        async with raw_server(hang_up) as slack, SlackClient(slack.api_url, 5_000, in_flight=1) as client:
            return await client.fetch_app_ids(TOKEN)

    assert asyncio.run(run()).has_posted({"bot_id": "B9"})


FORGED = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 56\r\n\r\n"
FORGED += b'{"ok": true, "channel": "C0123456789", "ts": "99.000100"}'[:56]


@pytest.mark.parametrize("pause_s", [0, 0.05], ids=["at once", "a moment later"])
@pytest.mark.parametrize("stray", [FORGED, FORGED[:20]], ids=["a whole response", "a part"])
def test_bytes_on_idle_connection_close_it(stray: bytes, pause_s: float) -> None:
    async def reply_twice(request: RawRequest, out: asyncio.StreamWriter) -> None:
        await reply_with(POSTED)(request, out)
        if pause_s:
            await asyncio.sleep(pause_s)
        out.write(stray)

    async def run() -> tuple[list[AttemptResult], int]:
        async with (
            raw_server(reply_twice, reply_with(POSTED)) as slack,
            SlackClient(slack.api_url, 2_000, in_flight=1) as client,
        ):
            first = await client.post(TOKEN, CHANNEL, HELLO, None)
            await asyncio.sleep(pause_s * 2)
            return [first, await client.post(TOKEN, CHANNEL, HELLO, None)], slack.connections

    results, connections = asyncio.run(run())
    assert [result.ts for result in results] == [POSTED["ts"]] * 2
    assert connections == 2 or not pause_s


HUGE = b'{"ok": true, "messages": [' + b" " * (1 << 22) + b"]}"


@pytest.mark.parametrize(
    "responder",
    [reply_with(HUGE), reply_with(gzip.compress(HUGE), Content_Encoding="gzip")],
    ids=["plain", "compressed"],
)
def test_large_response_is_not_read(responder: Responder) -> None:
    async def run() -> HistoryPage | AttemptResult:
        async with raw_server(responder) as slack, SlackClient(slack.api_url, 5_000, in_flight=1) as client:
            return await client.fetch_history(TOKEN, CHANNEL, oldest="1.0", latest="2.0")

    assert asyncio.run(run()) == AttemptResult(Outcome.UNKNOWN, "too_large", None, 200)


def test_compressed_response_is_read() -> None:
    async def run() -> AttemptResult:
        responder = reply_with(gzip.compress(json.dumps(POSTED).encode()), Content_Encoding="gzip")
        async with raw_server(responder) as slack, SlackClient(slack.api_url, 5_000, in_flight=1) as client:
            return await client.post(TOKEN, CHANNEL, HELLO, None)

    assert asyncio.run(run()).outcome is Outcome.POSTED
