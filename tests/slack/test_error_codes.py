"""The table of error codes: each code has its group, a sentence and a remedy."""

import json

import pytest

from schedbot.model import Outcome
from schedbot.slack.error_codes import ERROR_CODES, explain, is_known
from schedbot.slack.response_parser import parse_response

GROUPS = {
    Outcome.RATE_LIMITED: "ratelimited rate_limited",
    Outcome.QUOTA: "message_limit_exceeded",
    Outcome.UNKNOWN: (
        "internal_error fatal_error service_unavailable timeout connection_lost not_json no_ts wrong_channel "
        "too_large worker_lost restored http_500 http_503 a_new_code "
        "file_not_found file_update_failed file_deleted share_pending"
    ),
    Outcome.NOT_POSTED: (
        "missing_customize message_not_found cant_update_message edit_window_closed "
        "request_timeout org_login_required team_added_to_org connection_refused connection_failed connect_timeout dns "
        "tls bad_api_url bad_proxy deadline not_arrived no_tick upload_failed"
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
        "slack_connect_clip_sharing_blocked invalid_channel posting_to_channel_denied "
        "user_not_found user_not_visible user_disabled cannot_dm_bot missing_im_write"
    ),
    Outcome.MESSAGE_REFUSED: (
        "no_text msg_too_long msg_blocks_too_long invalid_blocks invalid_blocks_format markdown_text_conflict "
        "invalid_attachments too_many_attachments attachment_payload_limit_exceeded too_many_contact_cards "
        "missing_file_data metadata_too_large invalid_metadata_format invalid_metadata_schema "
        "metadata_must_be_sent_from_app file_type_not_allowed file_upload_size_restricted file_uploads_disabled "
        "file_uploads_except_images_disabled storage_limit_reached snippet_too_large missing_files_scope file_lost "
        "picture_not_drawn picture_not_stored thread_not_found thread_gone"
    ),
    Outcome.OUR_DEFECT: (
        "invalid_arguments invalid_arg_name invalid_array_arg invalid_charset invalid_form_data invalid_post_type "
        "missing_post_type as_user_not_supported draft_has_conflict draft_already_sent method_deprecated "
        "deprecated_endpoint missing_argument alt_txt_too_large unknown_snippet_type channels_limit_exceeded"
    ),
    Outcome.RENDER_FAILED: "render_failed",
    Outcome.NOT_READY: "not_ready",
    Outcome.NOTHING_TO_REPORT: "nothing_to_report superseded",
    Outcome.LOST_UNSENT: (
        "lost_unsent window_passed no_posters no_renderers no_live_renderers "
        "no_descriptors no_memory no_processes io_error spool_unusable"
    ),
}
CASES = [(code, outcome) for outcome, codes in GROUPS.items() for code in codes.split()]
OURS_TEXT = (
    "timeout connection_lost not_json no_ts wrong_channel worker_lost not_arrived lost_unsent connect_timeout "
    "no_posters no_renderers no_live_renderers no_descriptors no_memory no_processes io_error "
    "too_large connection_refused connection_failed dns tls bad_api_url bad_proxy deadline no_tick token_unavailable "
    "render_failed not_ready nothing_to_report superseded missing_customize upload_failed share_pending "
    "missing_files_scope file_lost missing_im_write picture_not_drawn thread_gone restored "
    "spool_unusable picture_not_stored"
)
OURS = OURS_TEXT.split()


@pytest.mark.parametrize(("code", "outcome"), CASES)
def test_code_has_a_group_a_sentence_and_a_remedy(code: str, outcome: Outcome) -> None:
    row = explain(code)
    assert row.outcome is outcome
    assert row.sentence.endswith(".")
    assert row.remedy.endswith(".")


def test_table_has_no_code_beyond_the_groups() -> None:
    assert set(ERROR_CODES) <= {code for code, _ in CASES}


@pytest.mark.parametrize(("code", "outcome"), [case for case in CASES if case[0] not in OURS and "http" not in case[0]])
def test_reply_with_a_code_has_the_outcome_of_its_group(code: str, outcome: Outcome) -> None:
    reply = parse_response(200, {}, json.dumps({"ok": False, "error": code}).encode())
    assert (reply.outcome, reply.error, reply.http_status, reply.ts) == (outcome, code, 200, None)


def test_code_outside_the_table_is_unknown() -> None:
    assert not is_known("brand_new_code")
    assert explain("brand_new_code").outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("code", ["restricted_action", "restricted_action_read_only_channel"])
def test_restricted_action_names_mentions_as_a_cause(code: str) -> None:
    assert "<!channel>" in explain(code).sentence
