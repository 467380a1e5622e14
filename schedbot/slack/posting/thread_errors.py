"""Posts into a thread whose first message was deleted. Pure.

Slack posts such a reply in the channel, without an error: https://github.com/slack-go/slack/issues/1571. The reference
of its methods names errors too: https://docs.slack.dev/reference/methods/chat.postMessage
"""

from collections.abc import Mapping
from typing import Any

from schedbot.model import AttemptResult, Outcome
from schedbot.posts import THREAD_GONE, PostOptions

NO_THREAD = "thread_not_found"
REFUSALS = frozenset({NO_THREAD, "message_not_found", "cannot_reply_to_message"})


def check_thread(result: AttemptResult, message: object, options: PostOptions) -> AttemptResult:
    """Return the result of a post, with the error `thread_gone` if its thread is gone: refused, or in the channel.

    `message`: the message in Slack's response.
    """
    if not options.thread_ts or options.update_ts:
        return result
    if result.outcome is Outcome.POSTED:
        return result._replace(error=THREAD_GONE) if is_in_channel(message) else result
    if result.error in REFUSALS:
        return result._replace(outcome=Outcome.MESSAGE_REFUSED, error=THREAD_GONE, detail=f"Slack: {result.error}")
    return result


def is_in_channel(message: object) -> bool:
    """Does Slack show the message in the channel, and not in a thread?"""
    fields: Mapping[str, Any] = message if isinstance(message, Mapping) else {}
    return bool(fields) and not fields.get("thread_ts")
