"""Pages of messages: the arguments `oldest`, `latest`, `inclusive`, `cursor` and `limit`, and the cursor's form."""

import base64
from dataclasses import dataclass

from schedbot.sandbox import limits
from schedbot.sandbox.api_responses import Json, RequestRefused
from schedbot.sandbox.methods.call import is_true
from schedbot.sandbox.state import SandboxState
from schedbot.sandbox.workspaces import to_microseconds

MAX_LIMIT = 999
END_OF_TIME = 2**62
CURSOR_PREFIX = "next_ts:"


@dataclass(frozen=True, slots=True)
class MessagePeriod:
    """Period of the wanted messages in microseconds; `cursor_us` is the last message of the page before."""

    oldest_us: int
    latest_us: int
    inclusive: bool
    cursor_us: int | None

    def contains(self, ts_us: int) -> bool:
        """Is a message with this `ts` in the period?"""
        if self.inclusive:
            return self.oldest_us <= ts_us <= self.latest_us
        return self.oldest_us < ts_us < self.latest_us


def parse_period(args: Json) -> MessagePeriod:
    """Return the period in the arguments. Raises RequestRefused."""
    try:
        oldest_us = to_microseconds(args.get("oldest") or 0)
    except ValueError:
        raise RequestRefused("invalid_ts_oldest") from None
    try:
        latest_us = to_microseconds(args["latest"]) if args.get("latest") else END_OF_TIME
    except ValueError:
        raise RequestRefused("invalid_ts_latest") from None
    cursor_us = _decode_cursor(str(args["cursor"])) if args.get("cursor") else None
    return MessagePeriod(oldest_us, latest_us, is_true(args.get("inclusive")), cursor_us)


def parse_limit(args: Json, default: int, state: SandboxState) -> int:
    """Return the number of messages of a page. Raises RequestRefused."""
    try:
        limit = int(args.get("limit") or default)
    except (ValueError, TypeError):
        raise RequestRefused("invalid_limit") from None
    if not 1 <= limit <= MAX_LIMIT:
        raise RequestRefused("invalid_limit")
    return min(limit, limits.SCARCE_PAGE) if state.options.history == "scarce" else limit


def filter_payload(message: Json, with_payload: bool) -> Json:
    """Return the message, without the payload of its metadata unless that is wanted."""
    if "metadata" not in message or with_payload:
        return message
    return message | {"metadata": {"event_type": message["metadata"]["event_type"]}}


def encode_cursor(ts_us: int) -> str:
    """Return the cursor of the page after the message with this `ts`."""
    return base64.b64encode(f"{CURSOR_PREFIX}{ts_us}".encode()).decode()


def _decode_cursor(cursor: str) -> int:
    try:
        return int(base64.b64decode(cursor, validate=True).decode().removeprefix(CURSOR_PREFIX))
    except ValueError:
        raise RequestRefused("invalid_cursor") from None
