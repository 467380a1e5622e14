"""Scopes that schedbot needs in a token, with the purpose of each.

Rule: only the scope for posting is required; the scopes for reading settle a post with an unknown outcome.
Source: https://docs.slack.dev/reference/scopes
"""

from collections.abc import Set

REQUIRED = "chat:write"

SCOPES: tuple[tuple[str, str], ...] = (
    (REQUIRED, "post at all"),
    ("channels:history", "look up whether a post arrived in a public channel when Slack's response was lost"),
    ("groups:history", "look up whether a post arrived in a private channel when Slack's response was lost"),
    ("channels:read", "check that a public channel exists, is not archived and has the app in it"),
    ("groups:read", "check that a private channel exists, is not archived and has the app in it"),
)

# Needed only where a schedule follows a user's time zone.
USERS_SCOPE = ("users:read", "read a user's time zone from Slack (--tz slack:U...)")

# Older scopes that include a needed scope.
INCLUDES: dict[str, frozenset[str]] = {
    "chat:write:bot": frozenset({REQUIRED}),
    "chat:write:user": frozenset({REQUIRED}),
}


def find_missing(scopes: Set[str], with_users: bool = False) -> list[tuple[str, str]]:
    """Return the scopes that a token with `scopes` lacks, each with its purpose, the required scope first.

    `with_users`: a schedule follows a user's time zone.
    """
    granted = set(scopes).union(*(INCLUDES.get(scope, frozenset()) for scope in scopes))
    needed = (*SCOPES, USERS_SCOPE) if with_users else SCOPES
    return [(scope, purpose) for scope, purpose in needed if scope not in granted]
