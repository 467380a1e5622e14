"""Whatever tokens a client has posted with: each request carries its own, and none stays behind."""

import asyncio
import gc

from schedbot.model import Message
from schedbot.slack.client import SlackClient
from tests.support.raw_http import POSTED, RawRequest, raw_server, reply_with

CHANNEL = "C0123456789"
ROTATED = [f"xoxb-rotated-{number}" for number in range(20)]


def requests_of_each_token() -> tuple[list[RawRequest], str]:
    """A post with each token, then each method that reads, and what the client still holds."""

    async def scene() -> tuple[list[RawRequest], str]:
        async with raw_server(reply_with(POSTED)) as slack, SlackClient(slack.api_url, 5_000, in_flight=1) as client:
            for token in ROTATED:
                await client.post(token, CHANNEL, Message("Hello"), None)
            await client.history(ROTATED[0], CHANNEL, oldest="1", latest="2", limit=10)
            await client.auth_test(ROTATED[1])
            await client.conversation_info(ROTATED[2], CHANNEL)
            await client.user_info(ROTATED[3], "U0123456789")
            gc.collect()
            return slack.requests, held_by(client)

    return asyncio.run(scene())


def held_by(root: object, depth: int = 5) -> str:
    """Every string that can be reached from an object."""
    layer, found = [root], []
    for _ in range(depth):
        layer = gc.get_referents(*[one for one in layer if not isinstance(one, type)])
        found += [one for one in layer if isinstance(one, str) and one.startswith("xoxb-")]
    return " ".join(found)


def test_each_request_carries_its_own_token_in_its_header_alone() -> None:
    arrived, _ = requests_of_each_token()
    told = [request.headers["authorization"] for request in arrived]
    assert told == [f"Bearer {token}" for token in [*ROTATED, *ROTATED[:4]]]
    assert [request.body for request in arrived if "xoxb-" in str(request.body)] == []


def test_a_client_keeps_no_token_that_it_has_posted_with() -> None:
    _, held = requests_of_each_token()
    assert held == ""
