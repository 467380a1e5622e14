"""Posted occurrences of an installation in a channel's history, by the metadata in the messages: for a restored backup.

A backup does not show which occurrences were posted after it. So all messages of the time are read. If a history was
not read to its end, an occurrence that is not in it may have been posted all the same.
"""

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from schedbot.clock import steady_ms
from schedbot.model import AttemptResult, Outcome
from schedbot.slack.client import SlackClient
from schedbot.slack.history.lookup import SKEW_MS, format_ts, read_ts
from schedbot.slack.posting.post_body import read_metadata_payload
from schedbot.slack.response_parser import TS

PAUSE_S = 1.2  # between two requests: Slack allows 50 a minute
MAX_WAIT_S = 70  # for a rate limit
UNREAD = "history_not_read"


@dataclass(frozen=True, slots=True)
class ChannelSearch:
    """Messages of a channel to read: from `since` on, of an installation. `token` is that of its workspace."""

    channel: str
    since: int
    installation: str
    token: str = field(repr=False)


@dataclass(slots=True)
class PostedParts:
    """Messages of an occurrence: ts by part, and the number of parts that it was sent as."""

    parts: int = 1
    ts_by_part: dict[int, str] = field(default_factory=dict)

    @property
    def ts(self) -> str:
        """The ts of its first message."""
        return self.ts_by_part[min(self.ts_by_part)]

    @property
    def is_whole(self) -> bool:
        return len(self.ts_by_part) == self.parts


@dataclass(slots=True)
class ChannelPosts:
    """Occurrences that the history shows. `error`: reason for which it was not read to its end; '' if it was."""

    by_occurrence: dict[str, PostedParts] = field(default_factory=lambda: defaultdict(PostedParts))
    error: str = ""


async def read_channel(client: SlackClient, search: ChannelSearch, until: int, end_at: int) -> ChannelPosts:
    """Read the messages of a channel until the instant `until`, newest first. `end_at`: steady milliseconds to stop at.

    Never raises for an error of Slack or the network.
    """
    posts = ChannelPosts()
    oldest, latest = format_ts(search.since - SKEW_MS), format_ts(until + SKEW_MS)
    while True:
        page = await client.fetch_history(search.token, search.channel, oldest=oldest, latest=latest)
        if isinstance(page, AttemptResult):
            wait_s = (page.retry_after_ms or 5_000) / 1000
            if page.outcome is Outcome.RATE_LIMITED and wait_s <= MAX_WAIT_S and steady_ms() + wait_s * 1000 < end_at:
                await asyncio.sleep(wait_s)
                continue
            posts.error = page.error or UNREAD
            return posts
        for message in page.messages:
            if (part := read_part(message, search.installation)) and (
                await client.fetch_app_ids(search.token)
            ).has_posted(message):
                add_part(posts, part)
        last = str(page.messages[-1].get("ts") or "") if page.messages else ""
        if not page.has_more:
            return posts
        if not TS.fullmatch(last) or last == latest or steady_ms() + PAUSE_S * 1000 >= end_at:
            posts.error = UNREAD
            return posts
        latest = last
        await asyncio.sleep(PAUSE_S)


@dataclass(frozen=True, slots=True)
class PostedPart:
    """One message of an occurrence."""

    occurrence: str
    part: int
    parts: int
    ts: str


def add_part(posts: ChannelPosts, part: PostedPart) -> None:
    """Add a message to its occurrence."""
    of_occurrence = posts.by_occurrence[part.occurrence]
    of_occurrence.parts = max(of_occurrence.parts, part.parts)
    of_occurrence.ts_by_part[part.part] = part.ts


def read_part(message: Mapping[str, Any], installation: str) -> PostedPart | None:
    """Return the occurrence of a message of the installation; None for any other message."""
    payload, ts = read_metadata_payload(message), read_ts(message)
    if payload is None or payload.get("installation") != installation or not ts:
        return None
    return PostedPart(str(payload.get("occurrence")), read_number(payload, "part"), read_number(payload, "parts"), ts)


def read_number(payload: Mapping[str, Any], name: str) -> int:
    """Return a number of the metadata, which Slack may return as a text; 1 without it."""
    text = str(payload.get(name, 1))
    return int(text) if text.isdecimal() and len(text) < 10 else 1
