"""Single requests to Slack for the commands, each in its own event loop."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from schedbot.clock import steady_ms
from schedbot.model import AttemptResult, Message
from schedbot.posts import MessageMetadata, PostOptions, RenderedFile
from schedbot.slack import files
from schedbot.slack.client import SlackClient
from schedbot.slack.history.posted_occurrences import ChannelSearch, read_channels
from schedbot.slack.history.posted_parts import ChannelPosts
from schedbot.slack.methods import direct_messages
from schedbot.slack.response_models import ChannelInfo, Identity, UserInfo
from schedbot.slack.user_ids import USER_ERRORS

Result = TypeVar("Result")
WORKSPACES_AT_ONCE = 4


def fetch_identity(api_url: str, token: str, timeout_ms: int) -> Identity | AttemptResult:
    """Return the token's workspace, user and scopes (`scopes.find_missing` compares them), or Slack's refusal."""
    return _run(api_url, timeout_ms, lambda client: client.fetch_identity(token))


def fetch_channel(api_url: str, token: str, channel_id: str, timeout_ms: int) -> ChannelInfo | AttemptResult:
    """Return the state of the channel in Slack, or Slack's refusal."""
    return _run(api_url, timeout_ms, lambda client: client.fetch_channel(token, channel_id))


def open_conversation(api_url: str, token: str, user: str, timeout_ms: int) -> str | AttemptResult:
    """Return the id (D...) of the direct message with a user, or the refusal as the result of an attempt."""

    async def open_it(client: SlackClient) -> str | AttemptResult:
        response = await direct_messages.open_conversation(client, token, user)
        return response if isinstance(response, str) else direct_messages.explain_refusal(response)

    return _run(api_url, timeout_ms, open_it)


def post_message(
    api_url: str, token: str, channel_id: str, message: Message, options: PostOptions, timeout_ms: int
) -> AttemptResult:
    """Post `message` now, once, without metadata: for `test-send`."""
    return _run(api_url, timeout_ms, lambda client: client.post(token, channel_id, message, None, options))


def upload_file(api_url: str, token: str, file: RenderedFile, timeout_ms: int) -> str | AttemptResult:
    """Upload a file. Return Slack's id, or the result of the refusal."""
    return _run(api_url, timeout_ms, lambda client: files.upload(client, token, file))


def share_file(
    api_url: str, token: str, file: RenderedFile, channel: str, thread_ts: str, timeout_ms: int
) -> AttemptResult:
    """Upload a file, and share it in a thread of the channel, once: for `test-send`."""

    async def upload_and_share(client: SlackClient) -> AttemptResult:
        uploaded = await files.upload(client, token, file)
        if isinstance(uploaded, AttemptResult):
            return uploaded
        return await files.share(client, token, uploaded, file.title or file.name, channel, thread_ts)

    return _run(api_url, timeout_ms, upload_and_share)


def post_with_metadata(
    api_url: str, token: str, channel_id: str, message: Message, metadata: MessageMetadata, timeout_ms: int
) -> AttemptResult:
    """Post `message` now, once, with metadata by which the history shows whether it arrived."""
    return _run(api_url, timeout_ms, lambda client: client.post(token, channel_id, message, metadata))


def fetch_posted(
    api_url: str, searches: Sequence[ChannelSearch], until: int, timeout_ms: int, within_ms: int
) -> list[ChannelPosts]:
    """Return the occurrences that each channel's history shows, read within `within_ms` in all.

    Channels of one workspace are read one after the other, and workspaces beside each other.
    """

    async def fetch_all(client: SlackClient) -> list[ChannelPosts]:
        end_at, free = steady_ms() + within_ms, asyncio.Semaphore(WORKSPACES_AT_ONCE)

        async def fetch_workspace(token: str) -> list[ChannelPosts]:
            async with free:
                own = [search for search in searches if search.token == token]
                return await read_channels(client, own, until, end_at)

        tokens = list(dict.fromkeys(search.token for search in searches))
        posts = dict(zip(tokens, map(iter, await asyncio.gather(*map(fetch_workspace, tokens))), strict=True))
        return [next(posts[search.token]) for search in searches]

    return _run(api_url, timeout_ms, fetch_all)


def fetch_users(
    api_url: str, token: str, users: Sequence[str], timeout_ms: int, within_ms: int
) -> dict[str, UserInfo | AttemptResult]:
    """Return the state of each user, requested one after the other within `within_ms` in all.

    A refusal that does not concern the user alone (a rate limit, the token, the connection) is the last result. Users
    after it, and users for whom no time is left, are missing.
    """

    async def fetch_each(client: SlackClient) -> dict[str, UserInfo | AttemptResult]:
        results: dict[str, UserInfo | AttemptResult] = {}
        end = steady_ms() + within_ms
        for user in users:
            left_ms = end - steady_ms()
            if left_ms <= 0:
                break
            results[user] = result = await client.fetch_user(token, user, timeout_ms=min(timeout_ms, left_ms))
            if isinstance(result, AttemptResult) and result.error not in USER_ERRORS:
                break
        return results

    return _run(api_url, timeout_ms, fetch_each)


def _run(api_url: str, timeout_ms: int, request: Callable[[SlackClient], Awaitable[Result]]) -> Result:
    async def run_once() -> Result:
        async with SlackClient(api_url, timeout_ms, in_flight=1) as client:
            return await request(client)

    return asyncio.run(run_once())
