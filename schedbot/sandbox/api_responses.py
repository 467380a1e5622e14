"""Responses in Slack's format: HTTP 200 with `ok` or an error code in the body; only a rate limit is HTTP 429.

Source: docs.slack.dev/apis/web-api and /rate-limits.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode


@dataclass(frozen=True, slots=True)
class ApiResponse:
    """Response of an API method. `outcome` is `ok`, Slack's error code, or the name of an injected fault."""

    body: bytes
    outcome: str = "ok"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"


class RequestRefused(Exception):
    """Refusal of a request: `code` is Slack's error code, `extra` holds the other fields of the response."""

    def __init__(self, code: str, extra: Mapping[str, Any] | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.extra = extra or {}


def decode(text: str | bytes) -> Any:
    """Return the value of JSON. Raises ValueError, also for NaN and Infinity, which Python alone reads."""
    return json.loads(text, parse_constant=_refuse_constant)


def _refuse_constant(constant: str) -> None:
    raise ValueError(f"{constant} is not a number in JSON")


def ok(fields: Json, headers: Mapping[str, str] | None = None) -> ApiResponse:
    """Return a response with `ok: true` and these fields."""
    return ApiResponse(encode({"ok": True, **fields}), headers=headers or {})


def refusal(code: str, extra: Mapping[str, Any] | None = None) -> ApiResponse:
    """Return a response with `ok: false`, the code and these fields."""
    return ApiResponse(encode({"ok": False, "error": code, **(extra or {})}), outcome=code)


def detailed_refusal(code: str, sentences: list[str], *, with_errors: bool = True) -> RequestRefused:
    """Return a refusal with a sentence for each error, in the two places where Slack puts them."""
    extra: Json = {"errors": sentences} if with_errors else {}
    extra["response_metadata"] = {"messages": [f"[ERROR] {sentence}" for sentence in sentences]}
    return RequestRefused(code, extra)


def rate_limited(retry_after_s: int) -> ApiResponse:
    """Return HTTP 429 with Retry-After in seconds."""
    body = encode({"ok": False, "error": "ratelimited"})
    return ApiResponse(body, "ratelimited", 429, {"Retry-After": str(retry_after_s)})


def encode(value: Json) -> bytes:
    """Return compact JSON in UTF-8. A lone surrogate, valid in JSON but not in UTF-8, becomes `?`."""
    return _encode(value).encode(errors="replace")
