"""Scopes that schedbot uses, each with its purpose and the schedules that need it.

Rule: only the scopes without which a schedule posts nothing are errors; those for reading settle a post with an unknown
outcome.
Source: https://docs.slack.dev/reference/scopes
"""

from collections.abc import Set
from dataclasses import dataclass

from schedbot.posts import ScopeNeed

REQUIRED = "chat:write"
CUSTOMIZE = "chat:write.customize"
USERS = "users:read"


@dataclass(frozen=True, slots=True)
class Scope:
    """A scope. `is_essential`: the schedules that need it post nothing without it.

    `is_optional`: it is not needed in a workspace whose channels all have the app in them.
    """

    name: str
    purpose: str
    need: ScopeNeed = ScopeNeed.CHANNEL
    is_essential: bool = False
    is_optional: bool = False


SCOPES = (
    Scope(REQUIRED, "post at all", ScopeNeed.ALL, is_essential=True),
    Scope("chat:write.public", "post to a public channel that the app is not in", is_optional=True),
    Scope(CUSTOMIZE, "post with a name or an icon of the schedule's own (--username, --icon)", ScopeNeed.APPEARANCE),
    Scope("channels:history", "look up whether a post arrived in a public channel when Slack's response was lost"),
    Scope("groups:history", "look up whether a post arrived in a private channel when Slack's response was lost"),
    Scope("im:history", "look up whether a direct message arrived when Slack's response was lost", ScopeNeed.DIRECT),
    Scope("channels:read", "check that a public channel exists, is not archived and has the app in it"),
    Scope("groups:read", "check that a private channel exists, is not archived and has the app in it"),
    Scope("im:write", "open the direct message with a person (--channel U...)", ScopeNeed.PERSON, is_essential=True),
    Scope("files:write", "upload pictures and files of reports", ScopeNeed.FILES),
    Scope("files:read", "look up whether a file was shared when Slack's response was lost", ScopeNeed.FILES),
    Scope(USERS, "read a user's time zone from Slack (--tz slack:U...)", ScopeNeed.USER_ZONE),
)

# Older scopes that include a needed scope.
INCLUDES: dict[str, frozenset[str]] = {
    "chat:write:bot": frozenset({REQUIRED, CUSTOMIZE}),
    "chat:write:user": frozenset({REQUIRED}),
    "files:write:user": frozenset({"files:write"}),
}


def find_missing(scopes: Set[str]) -> list[Scope]:
    """Return the scopes that a token with `scopes` lacks, the required scope first."""
    granted = set(scopes).union(*(INCLUDES.get(scope, frozenset()) for scope in scopes))
    return [scope for scope in SCOPES if scope.name not in granted]
