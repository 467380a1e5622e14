"""Results of chat.update: it may be repeated without harm, and a message that cannot be updated is posted anew.

Imports only the standard library and the model.
Source: https://docs.slack.dev/reference/methods/chat.update
"""

from schedbot.model import AttemptResult, Outcome
from schedbot.posts import CANNOT_BE_UPDATED

POST_ANEW_MS = 1_000


def explain_update(result: AttemptResult) -> AttemptResult:
    """Return the result of an attempt to update a message. No result of it needs a look-up."""
    if result.error in CANNOT_BE_UPDATED:
        return result._replace(outcome=Outcome.NOT_POSTED, retry_after_ms=POST_ANEW_MS)
    # A rate limit is of this method alone: the posts of the workspace go on.
    if result.outcome in (Outcome.UNKNOWN, Outcome.RATE_LIMITED):
        return result._replace(outcome=Outcome.NOT_POSTED)
    return result
