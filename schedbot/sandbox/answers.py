"""Slack answers nearly everything with HTTP 200 and `ok`: errors are codes in the body, only a limit is a 429.

Source: docs.slack.dev/apis/web-api and /rate-limits.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back over HTTP. `outcome` is `ok`, Slack's error code, or the sandbox's word for a fault."""

    body: bytes
    outcome: str = "ok"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


class Refused(Exception):
    """Slack says no: `code` is its error code, `more` what it adds to the answer."""

    def __init__(self, code: str, more: Mapping[str, Any] | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.more = more or {}


def ok(fields: Json, headers: Mapping[str, str] | None = None) -> Answer:
    """An answer with `ok: true` and these fields."""
    return Answer(encode({"ok": True, **fields}), headers=headers or {})


def refusal(code: str, more: Mapping[str, Any] | None = None) -> Answer:
    """An answer with `ok: false`, the code and what Slack adds to it."""
    return Answer(encode({"ok": False, "error": code, **(more or {})}), outcome=code)


def explained(code: str, sentences: list[str], *, errors: bool = True) -> Refused:
    """A refusal with a sentence for each fault, in the two places where Slack puts them."""
    more: Json = {"errors": sentences} if errors else {}
    more["response_metadata"] = {"messages": [f"[ERROR] {sentence}" for sentence in sentences]}
    return Refused(code, more)


def rate_limited(retry_after_s: int) -> Answer:
    """HTTP 429 with Retry-After in seconds."""
    body = encode({"ok": False, "error": "ratelimited"})
    return Answer(body, "ratelimited", 429, {"Retry-After": str(retry_after_s)})


def encode(value: Json) -> bytes:
    """Compact JSON in UTF-8; half of a surrogate pair, which JSON may bring and UTF-8 can't hold, becomes `?`."""
    return _encode(value).encode(errors="replace")
