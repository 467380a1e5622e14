"""Contents of Slack's responses as dataclasses, so that no other package reads Slack's JSON.

The pool's protocol uses them too, so this module imports only the standard library.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from schedbot.posts import MessageMetadata

# At 200 messages a page: more than an hour of posts at 1 a second.
MAX_PAGES = 20


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """A page of a channel's history, newest first, or of a thread, oldest first. `has_more`: there are more pages."""

    messages: list[Mapping[str, Any]]
    has_more: bool


@dataclass(frozen=True, slots=True)
class Identity:
    """Workspace and user of a token, with its scopes."""

    team: str
    team_id: str
    user: str
    url: str
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class AppIds:
    """Ids of the app that posts a message; empty where they are not known."""

    bot_id: str = ""
    app_id: str = ""

    def has_posted(self, message: Mapping[str, Any]) -> bool:
        """Did this app post the message? True also where no id is known."""
        if not (self.bot_id or self.app_id):
            return True
        return any(own and own == message.get(name) for name, own in (("bot_id", self.bot_id), ("app_id", self.app_id)))


def read_app_ids(fields: Mapping[str, Any]) -> AppIds:
    """Return the ids in a message, or in the response of auth.test."""
    return AppIds(*(value if isinstance(value := fields.get(name), str) else "" for name in ("bot_id", "app_id")))


@dataclass(frozen=True, slots=True)
class ChannelInfo:
    """State of a channel in Slack."""

    id: str
    name: str
    is_archived: bool
    is_member: bool
    is_private: bool


@dataclass(frozen=True, slots=True)
class UserInfo:
    """State of a user in Slack. `tz` is an IANA name, empty if Slack returns none."""

    id: str
    tz: str
    is_deactivated: bool


class LookUpAnswer(StrEnum):
    """Answer of a channel's history to the look-up of a post."""

    PRESENT = "found"
    ABSENT = "absent"
    CANNOT_ASK = "cannot_ask"
    LATER = "later"


@dataclass(frozen=True, slots=True)
class SearchedPost:
    """A post to look for in a channel's history, with the instants between which it arrived (UTC milliseconds)."""

    metadata: MessageMetadata
    earliest_at: int
    latest_at: int


@dataclass(frozen=True, slots=True)
class HistoryAnswer:
    """Result of the look-up of a post.

    `ts` is set for a post that was found, `error` (Slack's code) for a history that could not be read, `retry_after_ms`
    and `resume` (an argument of the next look-up) for a look-up that must be repeated.
    """

    answer: LookUpAnswer
    ts: str | None = None
    error: str | None = None
    retry_after_ms: int | None = None
    resume: str = ""
