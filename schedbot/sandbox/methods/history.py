"""`conversations.history`: the messages of a channel without the replies in threads, newest first, in pages.

With `scarce` history, the sandbox applies the limits for apps outside the Marketplace created since 29 May 2025: one
request a minute and 15 messages a page.
Source: docs.slack.dev/reference/methods/conversations.history and the changelog of the rate limits.
"""

from schedbot.sandbox.api_responses import ApiResponse, Json, ok, rate_limited
from schedbot.sandbox.methods.call import Call, find_readable_channel, is_true, wait_for_history
from schedbot.sandbox.methods.pagination import encode_cursor, filter_payload, parse_limit, parse_period
from schedbot.sandbox.state import SandboxState
from schedbot.sandbox.workspaces import SandboxChannel, is_reply, to_microseconds

DEFAULT_LIMIT = 100


def conversations_history(call: Call, state: SandboxState) -> ApiResponse:
    """Return the messages of a period, with the payload of their metadata only on request."""
    channel = find_readable_channel(call)
    if wait_s := wait_for_history(call, state):
        return rate_limited(wait_s)
    period = parse_period(call.args)
    end_us, inclusive = period.latest_us, period.inclusive
    if period.cursor_us is not None:
        # A ts has steps of one microsecond: the rest of the period ends one step before the page already returned.
        end_us = period.cursor_us - 1 if inclusive else period.cursor_us
    limit = parse_limit(call.args, DEFAULT_LIMIT, state)
    newest = list_newest(channel, channel.between(period.oldest_us, end_us, inclusive), limit + 1)
    page = newest[:limit]
    with_payload = is_true(call.args.get("include_all_metadata"))
    fields: Json = {
        "messages": [filter_payload(message, with_payload) for message in page],
        "has_more": len(newest) > limit,
        "pin_count": 0,
        "channel_actions_ts": None,
        "channel_actions_count": 0,
    }
    if len(newest) > limit:
        fields["response_metadata"] = {"next_cursor": encode_cursor(to_microseconds(page[-1]["ts"]))}
    return ok(fields)


def list_newest(channel: SandboxChannel, indexes: tuple[int, int], count: int) -> list[Json]:
    """Return up to `count` messages with these indexes [first, end) that are no replies, newest first."""
    first, end = indexes
    newest: list[Json] = []
    for index in range(end - 1, first - 1, -1):
        if not is_reply(channel.messages[index]):
            newest.append(channel.messages[index])
            if len(newest) == count:
                break
    return newest
