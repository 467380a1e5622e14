"""Channel ids, also read from the link of a channel or a person, without a request to Slack.

Rule: a channel's name can change and its id cannot, so a `#name` is refused with a hint about where to copy the link.
Source: https://docs.slack.dev/apis/web-api/conversations-api
"""

import re

from schedbot.errors import BadInput
from schedbot.text_input import quote

ID = re.compile(r"[CGDUW][A-Z0-9]{6,20}")
DIRECT_MESSAGE = re.compile(r"D[A-Z0-9]{6,20}")
LINK = re.compile(r"(?:https?://)?[a-z0-9][a-z0-9.-]*\.slack\.com/(?:archives|messages)/([^/?#\s]+)(?:[/?#]\S*)?", re.I)
PERSON_LINK = re.compile(r"(?:https?://)?[a-z0-9][a-z0-9.-]*\.slack\.com/team/([^/?#\s]+)(?:[/?#]\S*)?", re.I)
MENTION = re.compile(r"<@([UW][A-Z0-9]{6,20})(?:\|[^>]*)?>")
CLIENT_LINK = re.compile(r"(?:https?://)?app\.slack\.com/client/[A-Z0-9]+/([^/?#\s]+)(?:[/?#]\S*)?", re.I)

FIND_CHANNEL_ID = (
    "In Slack, right-click the channel and choose Copy link, or open its details: the id (C0123456789) is at the end."
)

FIND_PERSON_ID = "In Slack, open the person's profile, then the three dots, and choose Copy member ID (U0123456789)."


def parse_channel_id(text: str) -> str:
    """Return the id in `text`: `C0123456789` (also G..., D..., a user's U...) or a link. Raises BadInput.

    A link is that of a channel, or of a person's profile.
    """
    mention = MENTION.fullmatch(text.strip())
    stripped = mention.group(1) if mention else text.strip().strip("<>")
    link = LINK.fullmatch(stripped) or PERSON_LINK.fullmatch(stripped) or CLIENT_LINK.fullmatch(stripped)
    candidate = link.group(1) if link else stripped
    if ID.fullmatch(candidate):
        return candidate
    raise BadInput(*_explain(text.strip(), candidate, is_link=link is not None))


def is_person(channel: str) -> bool:
    """Is the id a person's? Slack opens a direct message with that person."""
    return channel.startswith(("U", "W"))


def describe_direct_message(channel: str) -> str:
    """Return `a person` or `a direct message`; an empty text for a channel."""
    return "a person" if is_person(channel) else "a direct message" if channel.startswith("D") else ""


def _explain(text: str, candidate: str, *, is_link: bool) -> tuple[str, str]:
    """Return the error and the hint for a text without a channel id."""
    shown = quote(text)
    if not text:
        return "No channel given.", FIND_CHANNEL_ID
    if is_link:
        return f"The link {shown} contains no channel id: {quote(candidate)} is not an id.", FIND_CHANNEL_ID
    if ID.fullmatch(candidate.upper()) and any(letter.isdigit() for letter in candidate):
        return f"{shown} is not a channel id.", f"Ids are in capitals: did you mean '{candidate.upper()}'?"
    if text.startswith("@"):
        return f"{shown} is a name. Names can change: use the person's id.", FIND_PERSON_ID
    if text.startswith("#"):
        return f"{shown} is a name. Names can change: use the channel's id or link.", FIND_CHANNEL_ID
    return f"{shown} is neither a channel id nor a channel link.", FIND_CHANNEL_ID
