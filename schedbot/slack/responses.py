"""Contents of Slack's responses as dataclasses, so that no other package reads Slack's JSON."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# At 200 messages a page: more than an hour of posts at 1 a second.
MAX_PAGES = 20


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """A page of a channel's history, newest first. `cursor` leads to the next page if `has_more`."""

    messages: list[Mapping[str, Any]]
    has_more: bool
    cursor: str


@dataclass(frozen=True, slots=True)
class Identity:
    """Workspace and user of a token, with its scopes."""

    team: str
    team_id: str
    user: str
    url: str
    scopes: frozenset[str]


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
