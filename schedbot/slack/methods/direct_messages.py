"""Results of conversations.open, which posts nothing: no result of it is of unknown outcome.

Source: https://docs.slack.dev/reference/methods/conversations.open
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from schedbot.model import AttemptResult, Outcome
from schedbot.slack.channel_ids import DIRECT_MESSAGE

if TYPE_CHECKING:
    from schedbot.slack.client import SlackClient

MISSING_SCOPE = "missing_scope"
MISSING_IM_WRITE = "missing_im_write"  # code of schedbot's: other posts of the workspace go on


async def open_conversation(client: "SlackClient", token: str, user: str) -> str | AttemptResult:
    """Return the id (D...) of the direct message with a user."""
    response = await client.call(token, "conversations.open", {"users": user})
    if isinstance(response, AttemptResult):
        return response
    value = response.get("channel")
    channel = value.get("id") if isinstance(value, Mapping) else None
    if isinstance(channel, str) and DIRECT_MESSAGE.fullmatch(channel):
        return channel
    return AttemptResult(Outcome.NOT_POSTED, "not_json")


def explain_refusal(result: AttemptResult) -> AttemptResult:
    """Return the result of an attempt whose direct message could not be opened."""
    if result.error == MISSING_SCOPE:
        return result._replace(outcome=Outcome.CHANNEL_REFUSED, error=MISSING_IM_WRITE)
    if result.outcome is Outcome.UNKNOWN:
        return result._replace(outcome=Outcome.NOT_POSTED)
    return result
