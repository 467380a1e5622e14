"""Name and icon of a post: Slack refuses them where the app lacks a scope. The message then goes without them.

Some workspaces ignore them instead: the message then has the app's own name and icon at once.
Source: https://docs.slack.dev/reference/scopes/chat.write.customize
"""

from schedbot.model import AttemptResult, Outcome
from schedbot.posts import MISSING_CUSTOMIZE, PostOptions

POST_WITHOUT_MS = 1_000


def explain_appearance(result: AttemptResult, options: PostOptions) -> AttemptResult:
    """Return the result of a post. Refused for its name or icon alone, it uses up no attempt."""
    has_appearance = bool(options.username or options.icon)
    if not has_appearance or result.error != "missing_scope" or "chat:write.customize" not in (result.detail or ""):
        return result
    return result._replace(outcome=Outcome.NOT_POSTED, error=MISSING_CUSTOMIZE, retry_after_ms=POST_WITHOUT_MS)
