"""Posted occurrences of an installation in a channel's history, by the metadata in the messages: for a restored backup.

A backup does not show which occurrences were posted after it. So all messages of the time are read, with the replies in
threads, and the messages that schedules update, which may be older. If a history was not read to its end, an occurrence
that is not in it may have been posted all the same.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from schedbot.clock import steady_ms
from schedbot.model import Outcome
from schedbot.slack.client import SlackClient
from schedbot.slack.history.lookup import PAGE_LIMIT, SKEW_MS, format_ts, read_ts
from schedbot.slack.history.posted_parts import ChannelPosts, PostedPart, has_replies, read_part, read_share
from schedbot.slack.posting.thread_errors import NO_THREAD
from schedbot.slack.response_models import HistoryPage

PAUSE_S = 1.2  # between two requests: Slack allows 50 a minute
MAX_WAIT_S = 70  # for a rate limit
UNREAD = "history_not_read"


@dataclass(frozen=True, slots=True)
class ChannelSearch:
    """Messages of a channel to read: from `since` on, of an installation. `token` is that of its workspace.

    `threads`: first messages of threads whose replies are read too, each with the part of a message that was the last
    of it known to be there, or None. `updated`: messages that schedules update.
    """

    channel: str
    since: int
    installation: str
    token: str = field(repr=False)
    threads: Mapping[str, PostedPart | None] = field(default_factory=dict)
    updated: Sequence[str] = ()


async def read_channels(
    client: SlackClient, searches: Sequence[ChannelSearch], until: int, end_at: int
) -> list[ChannelPosts]:
    """Read channels of one workspace, one after the other, until the instant `until`; stop at steady `end_at`."""
    posts = []
    for search in searches:
        is_over = steady_ms() >= end_at
        posts.append(
            ChannelPosts(error=UNREAD) if is_over else await ChannelReader(client, search, until, end_at).read()
        )
    return posts


class ChannelReader:
    """Reader of one channel. `until`: instant of the newest message; `end_at`: steady milliseconds to stop at."""

    def __init__(self, client: SlackClient, search: ChannelSearch, until: int, end_at: int) -> None:
        self.client, self.search, self.end_at = client, search, end_at
        self.oldest, self.latest = format_ts(search.since - SKEW_MS), format_ts(until + SKEW_MS)
        self.posts = ChannelPosts()
        self.threads = dict(search.threads)

    async def read(self) -> ChannelPosts:
        """Return the occurrences. Never raises for an error of Slack or the network."""
        async for message in self.list_messages(self.oldest, self.latest):
            await self.take(message)
        for ts in self.search.updated:
            async for message in self.list_messages(ts, ts):
                await self.take(message)
        for thread_ts, before in list(self.threads.items()):
            await self.read_thread(thread_ts, before)
        return self.posts

    async def take(self, message: Mapping[str, Any]) -> None:
        """Add a message of the channel; remember its thread, if it has replies."""
        if (part := read_part(message, self.search.installation)) and await self.is_own(message):
            self.add(part)
            if has_replies(message) or part.parts > 1:
                self.threads.setdefault(part.ts, None)

    async def read_thread(self, thread_ts: str, before: PostedPart | None) -> None:
        """Add the replies in a thread. A thread that is gone has none."""
        async for message in self.list_messages(self.oldest, self.latest, thread_ts):
            part = read_part(message, self.search.installation) or read_share(message, before)
            if part and await self.is_own(message):
                before = before if before and part.ts <= before.ts else part
                self.add(part)

    def add(self, part: PostedPart) -> None:
        self.posts.by_occurrence[part.occurrence].add(part, self.search.channel)

    async def is_own(self, message: Mapping[str, Any]) -> bool:
        """Did the app of the token post the message? Every app can read and copy metadata."""
        return (await self.client.fetch_app_ids(self.search.token)).has_posted(message)

    async def list_messages(self, oldest: str, latest: str, thread_ts: str = "") -> AsyncIterator[Mapping[str, Any]]:
        """Yield each message once: of a channel the newest first, of a thread the oldest first."""
        known: set[str] = set()
        while True:
            page = await self.fetch(oldest, latest, thread_ts)
            if isinstance(page, str):
                self.posts.error = self.posts.error or ("" if page == NO_THREAD else page)
                return
            new = [message for message in page.messages if read_ts(message) not in known]
            for message in new:
                yield message
            known.update(map(read_ts, new))
            if not page.has_more:
                return
            if not new or not read_ts(new[-1]) or steady_ms() + PAUSE_S * 1000 >= self.end_at:
                self.posts.error = self.posts.error or UNREAD
                return
            oldest, latest = (read_ts(new[-1]), latest) if thread_ts else (oldest, read_ts(new[-1]))
            await asyncio.sleep(PAUSE_S)

    async def fetch(self, oldest: str, latest: str, thread_ts: str) -> HistoryPage | str:
        """Return a page, or the error. Waits for a rate limit that ends in time."""
        search, limit = self.search, PAGE_LIMIT
        while True:
            bounds = {"oldest": oldest, "latest": latest, "thread_ts": thread_ts}
            page = await self.client.fetch_history(search.token, search.channel, limit=limit, **bounds)
            if isinstance(page, HistoryPage):
                return page
            if page.error == "too_large" and limit > 1:
                limit = max(1, limit // 8)
                continue
            wait_s = (page.retry_after_ms or 5_000) / 1000
            is_in_time = wait_s <= MAX_WAIT_S and steady_ms() + wait_s * 1000 < self.end_at
            if page.outcome is not Outcome.RATE_LIMITED or not is_in_time:
                return page.error or UNREAD
            await asyncio.sleep(wait_s)
