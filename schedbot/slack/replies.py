"""An HTTP answer, or its absence, becomes a `Reply`. Pure, and nothing heavy is loaded.

Rules: `posted` needs `ok: true` and a `ts`; a 429 is a limit whatever its body says; what is not understood is
`unknown`, because a post that is taken for failed is sent twice.
Sources: https://docs.slack.dev/reference/methods/chat.postMessage, https://docs.slack.dev/apis/web-api/rate-limits
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from schedbot.model import AttemptResult, Outcome
from schedbot.slack.error_codes import ANSWERS, Answer, explain, is_known

__all__ = ["ANSWERS", "Answer", "explain", "is_known", "retry_after_ms", "verdict"]

WAIT_UNSAID_MS = 30_000
WAIT_SHORTEST_MS = 1_000
WAIT_LONGEST_MS = 3_600_000
QUOTA_MS = 3_600_000
# Moving a workspace into an organisation takes minutes to hours.
WAITS_LONG: dict[str, int] = {"team_added_to_org": 600_000, "org_login_required": 600_000}

TS = re.compile(r"[0-9]{1,20}\.[0-9]{1,20}")
CODE = re.compile(r"[A-Za-z][A-Za-z0-9_.:-]{0,79}")
# "downloading image failed", and "invalid slack file" or "invalid_url" of a file that is still being processed:
# https://github.com/slackapi/python-slack-sdk/issues/1782, /1797, https://github.com/slackapi/bolt-python/issues/1016
PICTURE = re.compile(r"image|picture|slack[ _]file", re.IGNORECASE)
NOT_YET = re.compile(
    r"download|fetch|retriev|process|not ready|time[d ]*out|invalid slack file|invalid_url .*slack_file", re.IGNORECASE
)


def verdict(status: int, headers: Mapping[str, str], body: bytes | str | Mapping[str, Any]) -> AttemptResult:
    """What an answer of chat.postMessage means: `headers` by any spelling of their names, `body` raw or decoded."""
    answer = _decoded(body)
    code = _code(answer)
    if status == 429 or code in ("ratelimited", "rate_limited"):
        limit = code if explain(code).outcome is Outcome.RATE_LIMITED else "ratelimited"
        return AttemptResult(Outcome.RATE_LIMITED, limit, None, status, retry_after_ms(headers))
    if status >= 300 and (status >= 500 or not code):
        known = code and is_known(code) and explain(code).outcome is Outcome.UNKNOWN
        return AttemptResult(Outcome.UNKNOWN, code if known else f"http_{status}", None, status)
    if answer is None:
        return AttemptResult(Outcome.UNKNOWN, "not_json", None, status)
    if answer.get("ok") is True:
        ts = answer.get("ts")
        named = isinstance(ts, str) and TS.fullmatch(ts)
        return (
            AttemptResult(Outcome.POSTED, None, ts, status)
            if named
            else AttemptResult(Outcome.UNKNOWN, "no_ts", None, status)
        )
    return _refused(code, answer, status)


def retry_after_ms(headers: Mapping[str, str]) -> int:
    """How long Slack asks to wait; half a minute where it does not say, and never more than an hour."""
    said = next((value for name, value in headers.items() if name.lower() == "retry-after"), "")
    if not re.fullmatch(r"\s*[0-9]{1,9}(\.[0-9]{1,9})?\s*", said):
        return WAIT_UNSAID_MS
    return min(max(int(float(said) * 1000), WAIT_SHORTEST_MS), WAIT_LONGEST_MS)


def _decoded(body: bytes | str | Mapping[str, Any]) -> Mapping[str, Any] | None:
    if isinstance(body, Mapping):
        return body or None
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) and answer else None


def _code(answer: Mapping[str, Any] | None) -> str:
    """The answer's error code. What is not shaped like one (a sentence, an object) is none: it ends up on record."""
    code = answer.get("error") if answer else None
    return code if isinstance(code, str) and CODE.fullmatch(code) else ""


def _refused(code: str, answer: Mapping[str, Any], status: int) -> AttemptResult:
    if not code:
        return AttemptResult(Outcome.UNKNOWN, "not_json", None, status)
    outcome = explain(code).outcome
    if outcome is Outcome.QUOTA:
        return AttemptResult(outcome, code, None, status, QUOTA_MS)
    if code == "invalid_blocks" and _waits_for_a_picture(answer):
        return AttemptResult(Outcome.NOT_POSTED, code, None, status)
    return AttemptResult(outcome, code, None, status, WAITS_LONG.get(code))


def _waits_for_a_picture(answer: Mapping[str, Any]) -> bool:
    """Whether the blocks were refused only because a picture could not be fetched, or is not ready yet."""
    said = answer.get("errors")
    errors = [str(error) for error in said] if isinstance(said, list) else []
    return any(PICTURE.search(error) and NOT_YET.search(error) for error in errors)
