"""Responses that are not believed: redirects, dates, bytes on idle connections, and bodies without end."""

import asyncio

import pytest

from schedbot.model import AttemptResult, Message, Outcome
from schedbot.slack.client import SlackClient
from schedbot.slack.response_models import HistoryPage, UserInfo
from tests.support.raw_http import POSTED, raw_server, reply_with

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
