"""Which scopes schedbot needs of a token, and what for.

Rule: posting alone is a must; reading back is what settles a post whose answer was lost.
Source: https://docs.slack.dev/reference/scopes
"""

from collections.abc import Set

MUST = "chat:write"

NEEDED: tuple[tuple[str, str], ...] = (
    (MUST, "post at all"),
    ("channels:history", "find out whether a post arrived in a public channel when its answer was lost"),
    ("groups:history", "find out whether a post arrived in a private channel when its answer was lost"),
    ("channels:read", "check that a public channel exists, is not archived and has the app in it"),
    ("groups:read", "check that a private channel exists, is not archived and has the app in it"),
)

# Only where a schedule has a person's time zone.
OF_PEOPLE = ("users:read", "take the time zone of a person from Slack (--tz slack:U...)")

# They cover more than one that is needed.
INCLUDES: dict[str, frozenset[str]] = {"chat:write:bot": frozenset({MUST}), "chat:write:user": frozenset({MUST})}


def missing(scopes: Set[str], with_people: bool = False) -> list[tuple[str, str]]:
    """The scopes that a token with `scopes` lacks, each with what it is for; the must comes first.

    `with_people`: a schedule has a person's time zone.
    """
    held = set(scopes).union(*(INCLUDES.get(scope, frozenset()) for scope in scopes))
    needed = (*NEEDED, OF_PEOPLE) if with_people else NEEDED
    return [(scope, purpose) for scope, purpose in needed if scope not in held]
