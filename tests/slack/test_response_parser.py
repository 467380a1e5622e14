"""Replies parsed from HTTP responses to chat.postMessage."""

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schedbot.model import AttemptResult, Outcome
from schedbot.slack.response_parser import TS, parse_response, parse_retry_after


def refusal(code: str, **more: object) -> AttemptResult:
    return parse_response(200, {}, json.dumps({"ok": False, "error": code, **more}).encode())


def test_ok_with_a_ts_is_posted() -> None:
    assert parse_response(200, {}, b'{"ok": true, "ts": "17.0001"}') == AttemptResult(
        Outcome.POSTED, None, "17.0001", 200
    )


@pytest.mark.parametrize("ts", ["", None, 17.0001, False, {}, "\ud83d", "a"])
def test_ok_without_a_ts_is_not_success(ts: object) -> None:
    assert parse_response(200, {}, {"ok": True, "ts": ts}) == AttemptResult(Outcome.UNKNOWN, "no_ts", None, 200)


@pytest.mark.parametrize(
    ("channel", "response_channel", "is_posted"),
    [
        ("C1", "C1", True),
        ("C1", "C2", False),
        ("C1", None, False),
        ("C1", ["C1"], False),
        ("U1", "D1", True),
        ("U1", "C1", False),
        ("C1", "D1", False),
        ("D1", "D1", True),
    ],
)
def test_posted_needs_the_channel_of_the_request(channel: str, response_channel: object, is_posted: bool) -> None:
    result = parse_response(200, {}, {"ok": True, "ts": "17.0001", "channel": response_channel}, channel)
    assert (result.outcome, result.error) == (
        (Outcome.POSTED, None) if is_posted else (Outcome.UNKNOWN, "wrong_channel")
    )


def test_long_error_is_parsed_in_linear_time() -> None:
    error = "image " + "invalid_url " * 50_000
    started_at = time.monotonic()
    assert refusal("invalid_blocks", errors=[error] * 10).outcome is Outcome.MESSAGE_REFUSED
    assert time.monotonic() - started_at < 1


@pytest.mark.parametrize("ok", ["true", 1, None, False])
def test_only_a_true_ok_is_success(ok: object) -> None:
    assert parse_response(200, {}, {"ok": ok, "ts": "17.0001"}).outcome is Outcome.UNKNOWN


def test_ok_in_a_server_error_is_not_success() -> None:
    assert parse_response(500, {}, b'{"ok": true, "ts": "17.0001"}') == AttemptResult(
        Outcome.UNKNOWN, "http_500", None, 500
    )


@pytest.mark.parametrize(
    ("header", "wait_ms"),
    [
        pytest.param("1", 1_000, id="a second"),
        pytest.param("30", 30_000, id="half a minute"),
        pytest.param("2.5", 2_500, id="a fraction"),
        pytest.param("0", 1_000, id="zero is a second"),
        pytest.param("999999", 3_600_000, id="never more than an hour"),
        pytest.param("", 30_000, id="empty"),
        pytest.param("-5", 30_000, id="negative"),
        pytest.param("Wed, 21 Oct 2026 07:28:00 GMT", 30_000, id="a date"),
        pytest.param("9" * 400, 30_000, id="absurd"),
    ],
)
def test_wait_of_a_rate_limit_is_bounded(header: str, wait_ms: int) -> None:
    assert parse_retry_after({"RETRY-after": header}) == wait_ms


def test_429_is_a_rate_limit_with_any_body() -> None:
    limited = AttemptResult(Outcome.RATE_LIMITED, "ratelimited", None, 429, 2_000)
    for body in (b"", b"<html>", b'{"ok": true, "ts": "1.1"}', b'{"ok": false, "error": "invalid_auth"}'):
        assert parse_response(429, {"Retry-After": "2"}, body) == limited


def test_message_limit_waits_for_an_hour() -> None:
    assert refusal("message_limit_exceeded").retry_after_ms == 3_600_000


@pytest.mark.parametrize(
    "error",
    [
        "downloading image failed [json-pointer:/blocks/1/image_url]",
        "invalid slack file [json-pointer:/blocks/0/slack_file]",
        "invalid_url [json-pointer:/blocks/0/slack_file.url]",
        "the image is still being processed [json-pointer:/blocks/0]",
    ],
)
def test_blocks_with_a_pending_picture_are_not_posted(error: str) -> None:
    assert refusal("invalid_blocks", errors=[error]).outcome is Outcome.NOT_POSTED


@pytest.mark.parametrize(
    "errors",
    [
        ["must be more than 0 characters [json-pointer:/blocks/0/text/text]"],
        ["missing required field: alt_text [json-pointer:/blocks/0/image]"],
        ["unsupported type: process [json-pointer:/blocks/0/type]"],
        "downloading image failed",
        None,
    ],
)
def test_invalid_blocks_are_message_refused(errors: object) -> None:
    assert refusal("invalid_blocks", errors=errors).outcome is Outcome.MESSAGE_REFUSED


def test_code_outside_the_table_is_kept_and_unknown() -> None:
    assert refusal("brand_new_code") == AttemptResult(Outcome.UNKNOWN, "brand_new_code", None, 200)


def test_error_not_shaped_like_a_code_is_not_recorded() -> None:
    assert refusal("Bearer xoxb-1 is wrong\n").error == "unreadable_code"


@settings(deadline=None)
@given(st.integers(100, 599), st.binary(max_size=200))
def test_arbitrary_bytes_are_never_posted(status: int, body: bytes) -> None:
    assert parse_response(status, {}, body).outcome in (Outcome.UNKNOWN, Outcome.RATE_LIMITED)


JSON = st.none() | st.booleans() | st.integers() | st.text(max_size=9) | st.lists(st.text(max_size=9), max_size=2)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(["ok", "error", "ts", "errors"]), JSON | st.just("1700000000.000100")))
def test_response_without_ok_and_ts_is_never_posted(body: dict[str, object]) -> None:
    ts = body.get("ts")
    is_posted = body.get("ok") is True and isinstance(ts, str) and TS.fullmatch(ts) is not None
    assert (parse_response(200, {}, body).outcome is Outcome.POSTED) == is_posted
