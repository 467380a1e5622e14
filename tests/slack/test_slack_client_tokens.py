"""Tokens of a client's requests: each request has its own, and the client stores none."""

import asyncio
import gc

from schedbot.model import Message
from schedbot.slack.client import SlackClient
from tests.support.raw_http import POSTED, RawRequest, raw_server, reply_with

CHANNEL = "C0123456789"
ROTATED = [f"xoxb-rotated-{number}" for number in range(20)]


def send_requests() -> tuple[list[RawRequest], str]:
    """Post with each token, then read with each method. Returns the requests and the tokens left in the client."""

    async def run() -> tuple[list[RawRequest], str]:
        async with raw_server(reply_with(POSTED)) as slack, SlackClient(slack.api_url, 5_000, in_flight=1) as client:
            for token in ROTATED:
                await client.post(token, CHANNEL, Message("Hello"), None)
            await client.fetch_history(ROTATED[0], CHANNEL, oldest="1", latest="2", limit=10)
            await client.fetch_identity(ROTATED[1])
            await client.fetch_channel(ROTATED[2], CHANNEL)
            await client.fetch_user(ROTATED[3], "U0123456789")
            gc.collect()
            return slack.requests, reachable_tokens(client)

    return asyncio.run(run())


def reachable_tokens(root: object, depth: int = 5) -> str:
    """Return the tokens among the strings reachable from an object."""
    layer, tokens = [root], []
    for _ in range(depth):
        layer = gc.get_referents(*[item for item in layer if not isinstance(item, type)])
        tokens += [item for item in layer if isinstance(item, str) and item.startswith("xoxb-")]
    return " ".join(tokens)


def test_request_has_its_token_in_its_header_alone() -> None:
    arrived, _ = send_requests()
    headers = [request.headers["authorization"] for request in arrived]
    assert headers == [f"Bearer {token}" for token in [*ROTATED, *ROTATED[:4]]]
    assert [request.body for request in arrived if "xoxb-" in str(request.body)] == []


def test_client_stores_no_token() -> None:
    _, stored_tokens = send_requests()
    assert stored_tokens == ""
