"""Parts of the messages of occurrences, as a history shows them. Pure.

A message names its occurrence in its metadata. The share of a file has none: in a thread it belongs to the message of
the same app before it, because a schedule sends the parts of one message before those of the next.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from schedbot.slack.history.lookup import read_ts
from schedbot.slack.posting.post_body import read_metadata_payload


class PostedPart(NamedTuple):
    """One message of an occurrence. `thread_ts`: the thread that it is a reply in, '' in the channel."""

    occurrence: str
    part: int
    parts: int
    ts: str
    thread_ts: str = ""


@dataclass(slots=True)
class PostedParts:
    """Messages of an occurrence: ts by part, and the number of parts that it was sent as.

    `channel` and `thread_ts` are those of its first message.
    """

    parts: int = 1
    ts_by_part: dict[int, str] = field(default_factory=dict)
    channel: str = ""
    thread_ts: str = ""

    @property
    def ts(self) -> str:
        """The ts of its first message."""
        return self.ts_by_part[min(self.ts_by_part)]

    @property
    def is_whole(self) -> bool:
        return len(self.ts_by_part) == self.parts

    def add(self, part: PostedPart, channel: str) -> None:
        """Add a message."""
        self.parts = max(self.parts, part.parts)
        self.ts_by_part[part.part] = part.ts
        if part.part == min(self.ts_by_part):
            self.channel, self.thread_ts = channel, part.thread_ts

    def join(self, other: "PostedParts") -> None:
        """Add the messages of the same occurrence in another channel or workspace."""
        self.parts, self.ts_by_part = max(self.parts, other.parts), self.ts_by_part | other.ts_by_part


@dataclass(slots=True)
class ChannelPosts:
    """Occurrences that the history shows. `error`: reason for which it was not read to its end; '' if it was."""

    by_occurrence: dict[str, PostedParts] = field(default_factory=lambda: defaultdict(PostedParts))
    error: str = ""


def read_part(message: Mapping[str, Any], installation: str) -> PostedPart | None:
    """Return the part that a message of the installation is; None for any other message."""
    payload, ts = read_metadata_payload(message), read_ts(message)
    if payload is None or payload.get("installation") != installation or not ts:
        return None
    thread_ts = str(message.get("thread_ts") or "")
    return PostedPart(
        str(payload.get("occurrence")),
        read_number(payload, "part"),
        read_number(payload, "parts"),
        ts,
        "" if thread_ts == ts else thread_ts,
    )


def read_share(message: Mapping[str, Any], before: PostedPart | None) -> PostedPart | None:
    """Return the part that a message without metadata is: the share of a file that follows the part `before`."""
    ts = read_ts(message)
    if before is None or before.part >= before.parts or ts <= before.ts or not message.get("files"):
        return None
    if "metadata" in message:
        return None
    return before._replace(part=before.part + 1, ts=ts)


def has_replies(message: Mapping[str, Any]) -> bool:
    """Does a message of a channel open a thread?"""
    return bool(message.get("reply_count")) or message.get("thread_ts") == message.get("ts")


def read_number(payload: Mapping[str, Any], name: str) -> int:
    """Return a number of the metadata, which Slack may return as a text; 1 without it."""
    text = str(payload.get(name, 1))
    return int(text) if text.isdecimal() and len(text) < 10 else 1
