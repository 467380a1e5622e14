"""`conversations.history`: the messages of a channel, newest first, in pages.

With `scarce` history, the sandbox applies the limits for apps outside the Marketplace created since 29 May 2025: one
request a minute and 15 messages a page.
Source: docs.slack.dev/reference/methods/conversations.history and the changelog of the rate limits.
"""

import base64
from typing import Any

from schedbot.sandbox import limits
from schedbot.sandbox.api_responses import ApiResponse, Json, RequestRefused, ok, rate_limited
from schedbot.sandbox.methods import Call, find_channel, require_scope
from schedbot.sandbox.state import SandboxState
from schedbot.sandbox.workspaces import to_microseconds

DEFAULT_LIMIT = 100
MAX_LIMIT = 999
END_OF_TIME = 2**62
CURSOR_PREFIX = "next_ts:"


def conversations_history(call: Call, state: SandboxState) -> ApiResponse:
    """Return the messages of a period, with the payload of their metadata only on request."""
    channel = find_channel(call)
    require_scope(call, "groups:history" if channel.is_private else "channels:history")
    if not channel.is_member:
        raise RequestRefused("not_in_channel")
    is_scarce = state.options.history == "scarce"
    wait_s = limits.reserve_history(call.workspace, call.arrived_at) if is_scarce else 0
    if wait_s:
        return rate_limited(wait_s)
    first, end = channel.between(*_parse_period(call.args))
    start = max(first, end - _parse_limit(call.args, is_scarce))
    with_payload = _is_true(call.args.get("include_all_metadata"))
    fields: Json = {
        "messages": [_filter_payload(message, with_payload) for message in reversed(channel.messages[start:end])],
        "has_more": start > first,
        "pin_count": 0,
        "channel_actions_ts": None,
        "channel_actions_count": 0,
    }
    if start > first:
        fields["response_metadata"] = {"next_cursor": _encode_cursor(channel.all_ts_us[start])}
    return ok(fields)


def _parse_period(args: Json) -> tuple[int, int, bool]:
    """Return oldest and latest in microseconds, and whether both are included."""
    try:
        oldest_us = to_microseconds(args.get("oldest") or 0)
        latest_us = to_microseconds(args["latest"]) if args.get("latest") else END_OF_TIME
    except ValueError as error:
        raise RequestRefused("invalid_ts_oldest" if args.get("oldest") else "invalid_ts_latest") from error
    inclusive = _is_true(args.get("inclusive"))
    if not args.get("cursor"):
        return oldest_us, latest_us, inclusive
    before_us = _decode_cursor(str(args["cursor"]))
    # A ts has steps of one microsecond: the rest of the period ends one step before the page already returned.
    return (oldest_us, before_us - 1, True) if inclusive else (oldest_us, before_us, False)


def _parse_limit(args: Json, is_scarce: bool) -> int:
    try:
        limit = int(args.get("limit") or DEFAULT_LIMIT)
    except (ValueError, TypeError):
        raise RequestRefused("invalid_limit") from None
    if not 1 <= limit <= MAX_LIMIT:
        raise RequestRefused("invalid_limit")
    return min(limit, limits.SCARCE_PAGE) if is_scarce else limit


def _filter_payload(message: Json, with_payload: bool) -> Json:
    if "metadata" not in message or with_payload:
        return message
    return message | {"metadata": {"event_type": message["metadata"]["event_type"]}}


def _encode_cursor(ts_us: int) -> str:
    return base64.b64encode(f"{CURSOR_PREFIX}{ts_us}".encode()).decode()


def _decode_cursor(cursor: str) -> int:
    try:
        return int(base64.b64decode(cursor, validate=True).decode().removeprefix(CURSOR_PREFIX))
    except ValueError:
        raise RequestRefused("invalid_cursor") from None


def _is_true(value: Any) -> bool:
    return value is True or str(value).lower() in ("1", "true")
