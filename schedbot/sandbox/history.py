"""`conversations.history`: what is in a channel, newest first, a page at a time.

Scarce is what apps outside the Marketplace get that were created since 29 May 2025: one request a minute and 15
messages a page. Source: docs.slack.dev/reference/methods/conversations.history and the rate limits' changelog.
"""

import base64
from typing import Any

from schedbot.sandbox import limits
from schedbot.sandbox.answers import Answer, Json, Refused, ok, rate_limited
from schedbot.sandbox.methods import Call, find, need
from schedbot.sandbox.state import World
from schedbot.sandbox.workspaces import microseconds

PAGE = 100
LONGEST_PAGE = 999
END_OF_TIME = 2**62
MARK = "next_ts:"


def history(call: Call, world: World) -> Answer:
    """The messages of a span. Their metadata's payload is there only when it is asked for."""
    channel = find(call)
    need(call, "groups:history" if channel.is_private else "channels:history")
    if not channel.is_member:
        raise Refused("not_in_channel")
    scarce = world.rules.history == "scarce"
    wait_s = limits.wait_for_history(call.workspace, call.arrived_at) if scarce else 0
    if wait_s:
        return rate_limited(wait_s)
    first, end = channel.between(*_span(call.given))
    start = max(first, end - _page(call.given, scarce))
    wants_payload = _is_true(call.given.get("include_all_metadata"))
    fields: Json = {
        "messages": [_shown(message, wants_payload) for message in reversed(channel.messages[start:end])],
        "has_more": start > first,
        "pin_count": 0,
        "channel_actions_ts": None,
        "channel_actions_count": 0,
    }
    if start > first:
        fields["response_metadata"] = {"next_cursor": _cursor(channel.stamps_us[start])}
    return ok(fields)


def _span(given: Json) -> tuple[int, int, bool]:
    """Oldest and latest in microseconds, and whether they belong to it."""
    try:
        oldest_us = microseconds(given.get("oldest") or 0)
        latest_us = microseconds(given["latest"]) if given.get("latest") else END_OF_TIME
    except ValueError as error:
        raise Refused("invalid_ts_oldest" if given.get("oldest") else "invalid_ts_latest") from error
    inclusive = _is_true(given.get("inclusive"))
    if not given.get("cursor"):
        return oldest_us, latest_us, inclusive
    before_us = _from_cursor(str(given["cursor"]))
    # One microsecond is the step of a ts: what is left of the span ends just before the page that was shown.
    return (oldest_us, before_us - 1, True) if inclusive else (oldest_us, before_us, False)


def _page(given: Json, scarce: bool) -> int:
    try:
        asked = int(given.get("limit") or PAGE)
    except (ValueError, TypeError):
        raise Refused("invalid_limit") from None
    if not 1 <= asked <= LONGEST_PAGE:
        raise Refused("invalid_limit")
    return min(asked, limits.SCARCE_PAGE) if scarce else asked


def _shown(message: Json, wants_payload: bool) -> Json:
    if "metadata" not in message or wants_payload:
        return message
    return message | {"metadata": {"event_type": message["metadata"]["event_type"]}}


def _cursor(stamp_us: int) -> str:
    return base64.b64encode(f"{MARK}{stamp_us}".encode()).decode()


def _from_cursor(cursor: str) -> int:
    try:
        return int(base64.b64decode(cursor, validate=True).decode().removeprefix(MARK))
    except ValueError:
        raise Refused("invalid_cursor") from None


def _is_true(value: Any) -> bool:
    return value is True or str(value).lower() in ("1", "true")
