"""A channel is named by its id, or by its link, in which the id stands. Slack is not asked.

Rule: names change and ids do not, so a `#name` is refused with a word on where the link is to be had.
Source: https://docs.slack.dev/apis/web-api/conversations-api
"""

import re

from schedbot.errors import BadInput

ID = re.compile(r"[CGDUW][A-Z0-9]{6,20}")
LINK = re.compile(r"(?:https?://)?[a-z0-9][a-z0-9.-]*\.slack\.com/(?:archives|messages)/([^/?#\s]+)(?:[/?#]\S*)?", re.I)
CLIENT_LINK = re.compile(r"(?:https?://)?app\.slack\.com/client/[A-Z0-9]+/([^/?#\s]+)(?:[/?#]\S*)?", re.I)

WHERE = (
    "In Slack, right-click the channel and choose Copy link, or open its details: the id (C0123456789) is at its end."
)


def channel_id(text: str) -> str:
    """The id in `text`: `C0123456789` (also G..., D... and a user's U...) or a channel's link. Raises BadInput."""
    said = text.strip().strip("<>")
    link = LINK.fullmatch(said) or CLIENT_LINK.fullmatch(said)
    candidate = link.group(1) if link else said
    if ID.fullmatch(candidate):
        return candidate
    raise BadInput(*_why_not(text.strip(), candidate, linked=link is not None))


def _why_not(text: str, candidate: str, *, linked: bool) -> tuple[str, str]:
    shown = text if len(text) <= 60 else text[:57] + "..."
    if not text:
        return "No channel was given.", WHERE
    if linked:
        return f"The link '{shown}' names no channel: '{candidate[:40]}' is no id.", WHERE
    if ID.fullmatch(candidate.upper()) and any(letter.isdigit() for letter in candidate):
        return f"'{shown}' is not a channel's id.", f"Ids are in capitals: did you mean '{candidate.upper()}'?"
    if text.startswith(("#", "@")):
        return f"'{shown}' is a name. Names change, so a channel is given by its id or its link.", WHERE
    return f"'{shown}' is neither a channel's id nor its link.", WHERE
