"""Slack's answers, read from the table of record: each code stands in its group, and has something to say."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schedbot.model import AttemptResult, Outcome
from schedbot.slack.replies import ANSWERS, TS, explain, is_known, retry_after_ms, verdict

GROUPS = {
    Outcome.RATE_LIMITED: "ratelimited rate_limited",
    Outcome.QUOTA: "message_limit_exceeded",
    Outcome.UNKNOWN: (
        "internal_error fatal_error service_unavailable timeout connection_lost not_json no_ts worker_lost http_500 "
        "http_503 a_code_that_is_new"
    ),
    Outcome.NOT_POSTED: (
        "request_timeout org_login_required team_added_to_org connection_refused connection_failed connect_timeout dns "
        "tls bad_api_url deadline not_arrived"
    ),
    Outcome.TOKEN_REFUSED: (
        "token_expired invalid_auth not_authed token_revoked account_inactive missing_scope not_allowed_token_type "
        "team_access_not_granted two_factor_setup_required access_denied accesslimited enterprise_is_restricted "
        "token_unavailable"
    ),
    Outcome.CHANNEL_REFUSED: (
        "channel_not_found not_in_channel no_permission is_archived restricted_action "
        "restricted_action_read_only_channel restricted_action_thread_only_channel "
        "restricted_action_non_threadable_channel restricted_action_thread_locked ekm_access_denied "
        "messages_tab_disabled cannot_reply_to_message team_not_found slack_connect_file_link_sharing_blocked "
        "slack_connect_clip_sharing_blocked"
    ),
    Outcome.MESSAGE_REFUSED: (
        "no_text msg_too_long msg_blocks_too_long invalid_blocks invalid_blocks_format markdown_text_conflict "
        "too_many_attachments attachment_payload_limit_exceeded too_many_contact_cards missing_file_data "
        "metadata_too_large invalid_metadata_format invalid_metadata_schema metadata_must_be_sent_from_app"
    ),
    Outcome.OUR_DEFECT: (
        "invalid_arguments invalid_arg_name invalid_array_arg invalid_charset invalid_form_data invalid_post_type "
        "missing_post_type as_user_not_supported draft_has_conflict draft_already_sent method_deprecated "
        "deprecated_endpoint"
    ),
    Outcome.RENDER_FAILED: "render_failed",
    Outcome.LOST_UNSENT: "lost_unsent window_passed",
}
CASES = [(code, outcome) for outcome, codes in GROUPS.items() for code in codes.split()]
OURS = (
    *(
        "timeout",
        "connection_lost",
        "not_json",
        "no_ts",
        "worker_lost",
        "not_arrived",
        "lost_unsent",
        "connect_timeout",
        "connection_refused",
    ),
    *("connection_failed", "dns", "tls", "bad_api_url", "deadline", "token_unavailable", "render_failed"),
)


def answered(code: str, **more: object) -> AttemptResult:
    return verdict(200, {}, json.dumps({"ok": False, "error": code, **more}).encode())


@pytest.mark.parametrize(("code", "outcome"), CASES)
def test_each_code_is_in_its_group_and_says_what_to_do(code: str, outcome: Outcome) -> None:
    answer = explain(code)
    assert answer.outcome is outcome
    assert answer.sentence.endswith(".")
    assert answer.remedy.endswith(".")


def test_the_table_holds_no_code_that_the_record_does_not() -> None:
    assert set(ANSWERS) <= {code for code, _ in CASES}


@pytest.mark.parametrize(("code", "outcome"), [case for case in CASES if case[0] not in OURS and "http" not in case[0]])
def test_an_answer_with_a_code_has_the_outcome_of_its_group(code: str, outcome: Outcome) -> None:
    reply = answered(code)
    assert (reply.outcome, reply.error, reply.http_status, reply.ts) == (outcome, code, 200, None)


def test_ok_with_a_ts_is_posted() -> None:
    assert verdict(200, {}, b'{"ok": true, "ts": "17.0001"}') == AttemptResult(Outcome.POSTED, None, "17.0001", 200)


@pytest.mark.parametrize("ts", ["", None, 17.0001, False, {}, "\ud83d", "a"])
def test_ok_without_a_ts_is_not_success(ts: object) -> None:
    assert verdict(200, {}, {"ok": True, "ts": ts}) == AttemptResult(Outcome.UNKNOWN, "no_ts", None, 200)


@pytest.mark.parametrize("ok", ["true", 1, None, False])
def test_only_a_true_ok_is_success(ok: object) -> None:
    assert verdict(200, {}, {"ok": ok, "ts": "17.0001"}).outcome is Outcome.UNKNOWN


def test_an_ok_in_a_server_error_is_not_success() -> None:
    assert verdict(500, {}, b'{"ok": true, "ts": "17.0001"}') == AttemptResult(Outcome.UNKNOWN, "http_500", None, 500)


@pytest.mark.parametrize(
    ("said", "wait_ms"),
    [
        pytest.param("1", 1_000, id="a second"),
        pytest.param("30", 30_000, id="half a minute"),
        pytest.param("2.5", 2_500, id="a fraction"),
        pytest.param("0", 1_000, id="no wait is a second"),
        pytest.param("999999", 3_600_000, id="never more than an hour"),
        pytest.param("", 30_000, id="unsaid"),
        pytest.param("-5", 30_000, id="negative"),
        pytest.param("Wed, 21 Oct 2026 07:28:00 GMT", 30_000, id="a date"),
        pytest.param("9" * 400, 30_000, id="absurd"),
    ],
)
def test_the_wait_of_a_limit_is_bounded(said: str, wait_ms: int) -> None:
    assert retry_after_ms({"RETRY-after": said}) == wait_ms


def test_a_429_is_a_limit_whatever_its_body_says() -> None:
    for body in (b"", b"<html>", b'{"ok": true, "ts": "1.1"}', b'{"ok": false, "error": "invalid_auth"}'):
        assert verdict(429, {"Retry-After": "2"}, body) == AttemptResult(
            Outcome.RATE_LIMITED, "ratelimited", None, 429, 2_000
        )


def test_a_full_quota_holds_for_an_hour() -> None:
    assert answered("message_limit_exceeded").retry_after_ms == 3_600_000


@pytest.mark.parametrize(
    "error",
    [
        "downloading image failed [json-pointer:/blocks/1/image_url]",
        "invalid slack file [json-pointer:/blocks/0/slack_file]",
        "invalid_url [json-pointer:/blocks/0/slack_file.url]",
        "the image is still being processed [json-pointer:/blocks/0]",
    ],
)
def test_blocks_that_wait_for_a_picture_may_be_tried_again(error: str) -> None:
    assert answered("invalid_blocks", errors=[error]).outcome is Outcome.NOT_POSTED


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
def test_blocks_that_are_wrong_are_the_reports_fault(errors: object) -> None:
    assert answered("invalid_blocks", errors=errors).outcome is Outcome.MESSAGE_REFUSED


def test_a_code_that_nobody_knows_is_kept_and_is_unknown() -> None:
    assert answered("brand_new_code") == AttemptResult(Outcome.UNKNOWN, "brand_new_code", None, 200)
    assert not is_known("brand_new_code")


def test_an_error_that_is_no_code_does_not_come_on_record() -> None:
    assert answered("Bearer xoxb-1 is wrong\n").error == "not_json"


@settings(deadline=None)
@given(st.integers(100, 599), st.binary(max_size=200))
def test_no_answer_of_bytes_raises_or_counts_as_posted(status: int, body: bytes) -> None:
    assert verdict(status, {}, body).outcome in (Outcome.UNKNOWN, Outcome.RATE_LIMITED)


JSON = st.none() | st.booleans() | st.integers() | st.text(max_size=9) | st.lists(st.text(max_size=9), max_size=2)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(["ok", "error", "ts", "errors"]), JSON | st.just("1700000000.000100")))
def test_an_answer_without_ok_and_ts_is_never_posted(body: dict[str, object]) -> None:
    ts = body.get("ts")
    posted = body.get("ok") is True and isinstance(ts, str) and TS.fullmatch(ts) is not None
    assert (verdict(200, {}, body).outcome is Outcome.POSTED) == posted
