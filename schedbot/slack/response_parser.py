"""Turns an HTTP response to chat.postMessage into an `AttemptResult`. Pure, and imports only the standard library.

Rules: `posted` needs `ok: true`, a `ts` and the channel of the request; a 429 is a rate limit, whatever its body; a
response that cannot be read is `unknown`, because a post that is wrongly taken for failed is sent twice.
Sources: https://docs.slack.dev/reference/methods/chat.postMessage, https://docs.slack.dev/apis/web-api/rate-limits
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from schedbot.model import AttemptResult, Outcome
from schedbot.slack.error_codes import explain, is_known
from schedbot.slack.error_detail import extract_detail

DEFAULT_WAIT_MS = 30_000
MIN_WAIT_MS = 1_000
MAX_WAIT_MS = 3_600_000
QUOTA_WAIT_MS = 3_600_000
# The move of a workspace into an organisation takes minutes to hours.
LONG_WAITS_MS: dict[str, int] = {"team_added_to_org": 600_000, "org_login_required": 600_000}

TS = re.compile(r"[0-9]{1,20}\.[0-9]{1,20}")
UNREADABLE_CODE = "unreadable_code"  # of a refusal whose `error` is no code: as any code outside the table
CODE = re.compile(r"[A-Za-z][A-Za-z0-9_.:-]{0,79}")
# "downloading image failed", and "invalid slack file" or "invalid_url" for a file that Slack still processes:
# https://github.com/slackapi/python-slack-sdk/issues/1782, /1797, https://github.com/slackapi/bolt-python/issues/1016
PICTURE = re.compile(r"image|picture|slack[ _]file", re.IGNORECASE)
NOT_READY = re.compile(r"download|fetch|retriev|process|not ready|time[d ]*out|invalid slack file", re.IGNORECASE)
MAX_ERRORS = 100
MAX_ERROR_CHARACTERS = 4_096  # Slack's sentences are short; no pattern looks at more of a foreign text


def parse_response(
    status: int, headers: Mapping[str, str], body: bytes | str | Mapping[str, Any], channel: str | None = None
) -> AttemptResult:
    """Return the result that an HTTP response means. Header names may be in any case; `body` is raw or decoded.

    `channel`: the channel of the request to post; None: the request posts nothing.
    """
    fields = _decode(body)
    result = _classify(status, headers, fields)
    if result.outcome is Outcome.POSTED and channel is not None and not _is_posted_to(channel, fields):
        return AttemptResult(Outcome.UNKNOWN, "wrong_channel", None, status)
    return (
        result if fields is None or result.outcome is Outcome.POSTED else result._replace(detail=extract_detail(fields))
    )


def _classify(status: int, headers: Mapping[str, str], fields: Mapping[str, Any] | None) -> AttemptResult:
    code = _read_error_code(fields)
    if status == 429 or code in ("ratelimited", "rate_limited"):
        limit = code if explain(code).outcome is Outcome.RATE_LIMITED else "ratelimited"
        return AttemptResult(Outcome.RATE_LIMITED, limit, None, status, parse_retry_after(headers))
    if status >= 300 and (status >= 500 or not code):
        is_unknown = code and is_known(code) and explain(code).outcome is Outcome.UNKNOWN
        return AttemptResult(Outcome.UNKNOWN, code if is_unknown else f"http_{status}", None, status)
    if fields is None:
        return AttemptResult(Outcome.UNKNOWN, "not_json", None, status)
    if fields.get("ok") is True:
        ts = fields.get("ts")
        has_ts = isinstance(ts, str) and TS.fullmatch(ts)
        return (
            AttemptResult(Outcome.POSTED, None, ts, status)
            if has_ts
            else AttemptResult(Outcome.UNKNOWN, "no_ts", None, status)
        )
    return _parse_refusal(code, fields, status)


def _is_posted_to(channel: str, fields: Mapping[str, Any] | None) -> bool:
    """Does the response name the channel? A message to a user goes to the conversation with that user (D...)."""
    posted_to = fields.get("channel") if fields else None
    return isinstance(posted_to, str) and (posted_to == channel or (channel[:1] in "UW" and posted_to[:1] == "D"))


def parse_retry_after(headers: Mapping[str, str]) -> int:
    """Return the wait in Slack's Retry-After header: 30 s by default, from 1 s to an hour."""
    value = next((value for name, value in headers.items() if name.lower() == "retry-after"), "")
    if not re.fullmatch(r"\s*[0-9]{1,9}(\.[0-9]{1,9})?\s*", value):
        return DEFAULT_WAIT_MS
    return min(max(int(float(value) * 1000), MIN_WAIT_MS), MAX_WAIT_MS)


def _decode(body: bytes | str | Mapping[str, Any]) -> Mapping[str, Any] | None:
    if isinstance(body, Mapping):
        return body or None
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return fields if isinstance(fields, dict) and fields else None


def _read_error_code(fields: Mapping[str, Any] | None) -> str:
    """Return the response's error code; empty for anything not shaped like a code, because the code is recorded."""
    code = fields.get("error") if fields else None
    return code if isinstance(code, str) and CODE.fullmatch(code) else ""


def _parse_refusal(code: str, fields: Mapping[str, Any], status: int) -> AttemptResult:
    if not code:
        error = "not_json" if fields.get("ok") is not False else UNREADABLE_CODE
        return AttemptResult(Outcome.UNKNOWN, error, None, status)
    outcome = explain(code).outcome
    if outcome is Outcome.QUOTA:
        return AttemptResult(outcome, code, None, status, QUOTA_WAIT_MS)
    if code == "invalid_blocks" and _is_picture_not_ready(fields):
        return AttemptResult(Outcome.NOT_POSTED, code, None, status)
    return AttemptResult(outcome, code, None, status, LONG_WAITS_MS.get(code))


def _is_picture_not_ready(fields: Mapping[str, Any]) -> bool:
    """Were the blocks refused only because a picture could not be fetched or is still being processed?"""
    value = fields.get("errors")
    errors = value[:MAX_ERRORS] if isinstance(value, list) else []
    return any(_names_pending_picture(error[:MAX_ERROR_CHARACTERS]) for error in errors if isinstance(error, str))


def _names_pending_picture(error: str) -> bool:
    is_file_without_url = "slack_file" in error.partition("invalid_url ")[2]
    return PICTURE.search(error) is not None and (is_file_without_url or NOT_READY.search(error) is not None)
