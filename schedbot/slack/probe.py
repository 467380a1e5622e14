"""For the commands: one question to Slack, asked and answered, without a loop of one's own."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from schedbot.model import Message, Reply
from schedbot.slack.client import SlackClient
from schedbot.slack.seen import ChannelSeen, Identity

Answer = TypeVar("Answer")


def check(api_url: str, token: str, timeout_ms: int) -> Identity | Reply:
    """Whose token it is and what it may do (`scopes.missing` says what it lacks), or why Slack does not say."""
    return _asked(api_url, timeout_ms, lambda client: client.auth_test(token))


def channel(api_url: str, token: str, channel_id: str, timeout_ms: int) -> ChannelSeen | Reply:
    """What Slack says of the channel, or why it does not."""
    return _asked(api_url, timeout_ms, lambda client: client.conversation_info(token, channel_id))


def send(api_url: str, token: str, channel_id: str, message: Message, timeout_ms: int) -> Reply:
    """Post `message` now, once, without a stamp: for `test-send`."""
    return _asked(api_url, timeout_ms, lambda client: client.post(token, channel_id, message, None))


def _asked(api_url: str, timeout_ms: int, ask: Callable[[SlackClient], Awaitable[Answer]]) -> Answer:
    async def once() -> Answer:
        async with SlackClient(api_url, timeout_ms, in_flight=1) as client:
            return await ask(client)

    return asyncio.run(once())
