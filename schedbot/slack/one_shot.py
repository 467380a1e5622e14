"""For the commands: one question to Slack, asked and answered, without a loop of one's own."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from schedbot.clock import steady_ms
from schedbot.model import AttemptResult, Message
from schedbot.slack.client import SlackClient
from schedbot.slack.people import OF_A_PERSON
from schedbot.slack.responses import ChannelSeen, Identity, PersonSeen

Answer = TypeVar("Answer")


def check(api_url: str, token: str, timeout_ms: int) -> Identity | AttemptResult:
    """Whose token it is and what it may do (`scopes.missing` says what it lacks), or why Slack does not say."""
    return _asked(api_url, timeout_ms, lambda client: client.auth_test(token))


def channel(api_url: str, token: str, channel_id: str, timeout_ms: int) -> ChannelSeen | AttemptResult:
    """What Slack says of the channel, or why it does not."""
    return _asked(api_url, timeout_ms, lambda client: client.conversation_info(token, channel_id))


def send(api_url: str, token: str, channel_id: str, message: Message, timeout_ms: int) -> AttemptResult:
    """Post `message` now, once, without a stamp: for `test-send`."""
    return _asked(api_url, timeout_ms, lambda client: client.post(token, channel_id, message, None))


def people(
    api_url: str, token: str, users: Sequence[str], timeout_ms: int, within_ms: int
) -> dict[str, PersonSeen | AttemptResult]:
    """What Slack says of each user, one after the other, for `within_ms` in all.

    An answer that is not about the person alone (a limit, the token, no connection) is the last: who comes after it,
    or after the time is up, is not in what is returned.
    """

    async def each(client: SlackClient) -> dict[str, PersonSeen | AttemptResult]:
        told: dict[str, PersonSeen | AttemptResult] = {}
        end = steady_ms() + within_ms
        for user in users:
            left_ms = end - steady_ms()
            if left_ms <= 0:
                break
            told[user] = seen = await client.user_info(token, user, timeout_ms=min(timeout_ms, left_ms))
            if isinstance(seen, AttemptResult) and seen.error not in OF_A_PERSON:
                break
        return told

    return _asked(api_url, timeout_ms, each)


def _asked(api_url: str, timeout_ms: int, ask: Callable[[SlackClient], Awaitable[Answer]]) -> Answer:
    async def once() -> Answer:
        async with SlackClient(api_url, timeout_ms, in_flight=1) as client:
            return await ask(client)

    return asyncio.run(once())
