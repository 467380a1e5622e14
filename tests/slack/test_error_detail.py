"""Slack's own words about a refusal: where they are read, and their bounds."""

import json
from typing import Any

import pytest

from schedbot.slack.error_detail import MAX_LENGTH, extract_detail
from schedbot.slack.response_parser import parse_response

EMPTY = "must be more than 0 characters [json-pointer:/blocks/0/text/text]"


def test_errors_and_messages_are_joined_once() -> None:
    fields = {"errors": [EMPTY, "second"], "response_metadata": {"messages": [f"[ERROR] {EMPTY}", "[WARN] third"]}}
    assert extract_detail(fields) == f"{EMPTY}; second; third"


def test_missing_scope_names_its_scopes() -> None:
    assert (
        extract_detail({"needed": "chat:write", "provided": "files:read"}) == "needed: chat:write; provided: files:read"
    )


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"errors": None},
        {"errors": "text"},
        {"errors": [1, None, {}, ""]},
        {"response_metadata": []},
        {"response_metadata": {"messages": {"a": "b"}}},
    ],
)
def test_response_without_sentences_has_no_detail(fields: dict[str, Any]) -> None:
    assert extract_detail(fields) is None


def test_detail_has_a_bounded_length() -> None:
    detail = extract_detail({"errors": ["x" * 1_000_000] * 100_000})
    assert (len(detail or ""), (detail or "")[-1]) == (MAX_LENGTH, "…")


def test_detail_has_no_token_and_no_line_break() -> None:
    fields = {"errors": ["bad\n\x1b[31mtoken xoxb-1-2-secret\ud800", "also xapp-1-A1-secret and xoxe.xoxp-1-secret"]}
    detail = extract_detail(fields) or ""
    assert "secret" not in detail
    assert detail.startswith("bad [31mtoken xox…")


def test_token_across_the_length_limit_is_struck_out() -> None:
    detail = extract_detail({"errors": ["x" * (MAX_LENGTH - 10) + " xoxb-1-2-secret"]}) or ""
    assert "xoxb" not in detail


def test_refusal_keeps_its_detail_and_success_has_none() -> None:
    body = {"ok": False, "error": "invalid_blocks", "errors": [EMPTY]}
    assert parse_response(200, {}, json.dumps(body)).detail == EMPTY
    posted = {"ok": True, "ts": "1.2", "response_metadata": {"messages": ["missing charset"]}}
    assert parse_response(200, {}, posted).detail is None
