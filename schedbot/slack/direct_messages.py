"""Results of conversations.open, which posts nothing: no result of it is of unknown outcome.

Source: https://docs.slack.dev/reference/methods/conversations.open
"""

from dataclasses import replace

from schedbot.model import AttemptResult, Outcome

MISSING_SCOPE = "missing_scope"
MISSING_IM_WRITE = "missing_im_write"  # code of schedbot's: other posts of the workspace go on


def explain_refusal(result: AttemptResult) -> AttemptResult:
    """Return the result of an attempt whose direct message could not be opened."""
    if result.error == MISSING_SCOPE:
        return replace(result, outcome=Outcome.CHANNEL_REFUSED, error=MISSING_IM_WRITE)
    if result.outcome is Outcome.UNKNOWN:
        return replace(result, outcome=Outcome.NOT_POSTED)
    return result
