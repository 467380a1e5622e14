"""`conversations.replies`: a thread, oldest first, in pages. Each page begins with the message that opened the thread,
also if that is not in the period.

Source: docs.slack.dev/reference/methods/conversations.replies
"""

from schedbot.sandbox.api_responses import ApiResponse, Json, RequestRefused, ok, rate_limited
from schedbot.sandbox.methods.call import (
    Call,
    find_index,
    find_readable_channel,
    is_true,
    refuse_missing,
    wait_for_history,
)
from schedbot.sandbox.methods.pagination import MessagePeriod, encode_cursor, filter_payload, parse_limit, parse_period
from schedbot.sandbox.state import SandboxState
from schedbot.sandbox.workspaces import to_microseconds

DEFAULT_LIMIT = 200


def conversations_replies(call: Call, state: SandboxState) -> ApiResponse:
    """Return the thread of a message; of a reply's `ts`, that reply alone."""
    channel = find_readable_channel(call)
    if not call.args.get("ts"):
        raise refuse_missing("ts")
    if wait_s := wait_for_history(call, state):
        return rate_limited(wait_s)
    index = find_index(channel, call.args["ts"])
    if index is None:
        raise RequestRefused("thread_not_found")
    parent = channel.messages[index]
    limit = parse_limit(call.args, DEFAULT_LIMIT, state)
    period = parse_period(call.args)
    matches = [message for message in channel.thread(index) if _is_in_period(message, period)]
    page = matches[:limit]
    with_parent = page if page and page[0] is parent else [parent, *page]
    with_payload = is_true(call.args.get("include_all_metadata"))
    fields: Json = {
        "messages": [filter_payload(message, with_payload) for message in with_parent],
        "has_more": len(matches) > limit,
    }
    if len(matches) > limit:
        fields["response_metadata"] = {"next_cursor": encode_cursor(to_microseconds(page[-1]["ts"]))}
    return ok(fields)


def _is_in_period(message: Json, period: MessagePeriod) -> bool:
    ts_us = to_microseconds(message["ts"])
    return period.contains(ts_us) and (period.cursor_us is None or ts_us > period.cursor_us)
