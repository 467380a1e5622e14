"""What Slack tells when it is asked: values of our own, so that nobody else reads Slack's JSON."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# With 200 messages a page, more than an hour of posts at 1 a second.
MOST_PAGES = 20


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a channel's history, newest first; `cursor` leads to the next one where there is more."""

    messages: list[Mapping[str, Any]]
    has_more: bool
    cursor: str


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose token it is, and what it may do."""

    team: str
    team_id: str
    user: str
    url: str
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class ChannelSeen:
    """What Slack says of a channel."""

    id: str
    name: str
    is_archived: bool
    is_member: bool
    is_private: bool


@dataclass(frozen=True, slots=True)
class PersonSeen:
    """What Slack says of a user. `tz` is an IANA name, empty where it tells none."""

    id: str
    tz: str
    is_deactivated: bool
