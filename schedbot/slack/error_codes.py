"""The table of error codes, Slack's and ours: for each code its group, a sentence and a remedy.

Rule: a code has one group (`Outcome`), and the pool acts on the group alone. `audit`, `retry`, `why` and the manual
read this table.
Sources: https://docs.slack.dev/reference/methods/chat.postMessage, files.getUploadURLExternal,
files.completeUploadExternal and files.info (autumn 2026); the grouping is ours.
"""

from dataclasses import dataclass

from schedbot.model import Outcome
from schedbot.slack.remedy_texts import (
    ADMIN_OF_FILES,
    APP_NAME,
    ASK_ADMIN,
    BUG,
    CHANNEL,
    CHECK,
    FILES_SCOPE,
    IM_WRITE,
    INVITE,
    LOOKED_UP,
    LOOKED_UP_FILE,
    NETWORK,
    NEW_FILE,
    NEW_MESSAGE,
    NEW_TOKEN,
    NO_REPORT,
    NOT_READY,
    NOTHING,
    NOTHING_TO_DO,
    PERSON,
    REPORT,
    RESTRICTED,
    RESUME,
    RETRIED,
    RETRIED_HOURLY,
    START_REMEDY,
)


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """A row of the table: `sentence` says what happened, `remedy` what a person can do (or that nothing is needed)."""

    code: str
    outcome: Outcome
    sentence: str
    remedy: str


_SLACK_CODES: dict[Outcome, dict[str, tuple[str, str]]] = {
    Outcome.RATE_LIMITED: dict.fromkeys(
        ("ratelimited", "rate_limited"),
        ("The workspace has reached Slack's rate limit for this kind of request.", NOTHING),
    ),
    Outcome.QUOTA: {
        "message_limit_exceeded": (
            "The workspace has reached the message limit of its Slack plan.",
            f"An admin of the Slack workspace can free space or change the plan.{RETRIED_HOURLY}",
        ),
    },
    Outcome.UNKNOWN: {
        "internal_error": ("Slack had an internal error and may have posted the message.", LOOKED_UP),
        "fatal_error": ("Slack had a fatal error and may have posted the message before it.", LOOKED_UP),
        "service_unavailable": ("Slack was unavailable and may have posted the message.", LOOKED_UP),
        "file_not_found": ("Slack has dropped the uploaded file, or has shared it before.", LOOKED_UP_FILE),
        "file_update_failed": ("Slack could not finish the file and may have shared it.", LOOKED_UP_FILE),
        "file_deleted": (
            "The file was deleted in Slack.",
            "Look in the channel; `schedbot run-now NAME` sends the report again.",
        ),
    },
    Outcome.NOT_POSTED: {
        "message_not_found": ("The message to update was deleted.", NEW_MESSAGE),
        "cant_update_message": ("The app may not update the message: another app posted it.", NEW_MESSAGE),
        "edit_window_closed": ("The message is too old to be updated.", NEW_MESSAGE),
        "request_timeout": ("Slack received only part of the request.", NOTHING),
        "org_login_required": ("The workspace is being moved to an Enterprise organization.", NOTHING),
        "team_added_to_org": ("The workspace is being moved to an Enterprise organization.", NOTHING),
    },
    Outcome.TOKEN_REFUSED: {
        "token_expired": ("The workspace's token has expired.", NEW_TOKEN),
        "invalid_auth": ("Slack does not accept the workspace's token.", NEW_TOKEN),
        "not_authed": ("The request had no token.", NEW_TOKEN),
        "token_revoked": ("The workspace's token was revoked: the app was removed or its token replaced.", NEW_TOKEN),
        "account_inactive": ("The token belongs to a deleted user or workspace.", NEW_TOKEN),
        "missing_scope": ("The workspace's token lacks a scope that posting needs.", CHECK),
        "not_allowed_token_type": ("A token of this type cannot post. Use a bot token (xoxb-...).", NEW_TOKEN),
        "team_access_not_granted": ("The app has no access to this workspace of the organization.", RESUME),
        "two_factor_setup_required": ("The token's user must set up two-factor authentication.", RESUME),
        "access_denied": ("Slack denies the app access.", RESUME),
        "accesslimited": ("Access to this workspace is limited at present.", RESUME),
        "enterprise_is_restricted": ("A token of this Enterprise organization cannot post.", NEW_TOKEN),
    },
    Outcome.CHANNEL_REFUSED: {
        "channel_not_found": ("The channel does not exist, or it is private and the app is not in it.", CHANNEL),
        "not_in_channel": ("The app is not in the channel.", INVITE),
        "no_permission": ("The app may not post in this conversation.", ASK_ADMIN),
        "is_archived": ("The channel is archived.", CHANNEL),
        "restricted_action": (RESTRICTED, ASK_ADMIN),
        "ekm_access_denied": ("The organization's key management has suspended posting here.", ASK_ADMIN),
        "messages_tab_disabled": (
            "The app's Messages tab is off, so this user cannot receive messages from it.",
            "Switch on the Messages tab in the app's settings (App Home), then run `schedbot resume NAME`.",
        ),
        "user_not_found": ("The workspace has no such user.", PERSON),
        "user_not_visible": ("The app may not see this user.", PERSON),
        "user_disabled": ("The user has left: Slack has deactivated the account.", PERSON),
        "cannot_dm_bot": ("The user is an app, and apps get no messages from other apps.", PERSON),
        "cannot_reply_to_message": ("This kind of message cannot have replies.", CHANNEL),
        "team_not_found": ("Slack does not know the channel's workspace.", CHANNEL),
        "invalid_channel": ("The channel does not exist, or files cannot be shared in it.", CHANNEL),
        "posting_to_channel_denied": ("The app may not share files in the channel.", ASK_ADMIN),
    },
    Outcome.MESSAGE_REFUSED: {
        "thread_not_found": ("The thread does not exist.", NEW_FILE),
        "no_text": ("The message is empty.", REPORT),
        "msg_too_long": ("The message is too long.", REPORT),
        "msg_blocks_too_long": ("The blocks of the message are too long in total.", REPORT),
        "invalid_blocks": ("Slack does not accept the blocks of the message.", REPORT),
        "invalid_blocks_format": ("The blocks of the message are not a list of blocks.", REPORT),
        "markdown_text_conflict": ("The message has both Markdown text and text or blocks.", REPORT),
        "invalid_attachments": ("Slack does not accept the attachments of the message.", REPORT),
        "too_many_attachments": ("The message has more than 100 attachments.", REPORT),
        "attachment_payload_limit_exceeded": ("The attachments of the message are too large.", REPORT),
        "too_many_contact_cards": ("The message has too many contact cards.", REPORT),
        "missing_file_data": ("The message names a file without content.", REPORT),
        "metadata_too_large": ("The metadata of the message is too large.", REPORT),
        "invalid_metadata_format": ("Slack does not accept the format of the message's metadata.", REPORT),
        "invalid_metadata_schema": ("The metadata of the message does not match the app's declared schema.", REPORT),
        "metadata_must_be_sent_from_app": ("Only a token of an app can send metadata.", NEW_TOKEN),
        "file_type_not_allowed": ("The workspace does not allow files of this type.", ADMIN_OF_FILES),
        "file_upload_size_restricted": ("The file is larger than Slack, or the workspace, allows.", ADMIN_OF_FILES),
        "file_uploads_disabled": ("The workspace has switched off uploads of files.", ADMIN_OF_FILES),
        "file_uploads_except_images_disabled": ("The workspace allows uploads of pictures only.", ADMIN_OF_FILES),
        "storage_limit_reached": ("The workspace has no storage left for files.", ADMIN_OF_FILES),
        "snippet_too_large": ("The file is too large for a snippet (1 MB).", REPORT),
    },
    Outcome.OUR_DEFECT: {
        code: (f"schedbot sent a request that Slack does not understand ({code}).", BUG)
        for code in (
            *("invalid_arguments", "invalid_arg_name", "invalid_array_arg", "invalid_charset", "invalid_form_data"),
            *("invalid_post_type", "missing_post_type", "as_user_not_supported"),
            *("method_deprecated", "deprecated_endpoint"),
            *("missing_argument", "alt_txt_too_large", "unknown_snippet_type", "channels_limit_exceeded"),
        )
    },
}

# Codes that Slack never sends: failures on the way to Slack, or before the request.
_OUR_CODES: dict[Outcome, dict[str, tuple[str, str]]] = {
    Outcome.UNKNOWN: {
        "timeout": ("Slack received the request and did not respond in time.", LOOKED_UP),
        "connection_lost": ("The connection broke after the request was written.", LOOKED_UP),
        "not_json": ("The response was not in Slack's format.", LOOKED_UP),
        "no_ts": ("Slack accepted the message but did not return its ts.", LOOKED_UP),
        "too_large": ("The response had more than 1 MB.", LOOKED_UP),
        "wrong_channel": ("Slack accepted the message but did not name its channel.", LOOKED_UP),
        "restored": ("A restore could not find out if it was posted.", "`schedbot audit JOB` shows how to settle it."),
        "worker_lost": ("The worker died after the request left.", LOOKED_UP),
        "share_pending": ("Slack has accepted the file and has not shared it yet.", LOOKED_UP_FILE),
    },
    Outcome.NOT_POSTED: {
        "connect_timeout": ("The connection to Slack took too long.", NETWORK),
        "connection_refused": ("The connection to Slack was refused.", NETWORK),
        "connection_failed": ("The connection to Slack failed.", NETWORK),
        "dns": ("Slack's host name could not be resolved.", NETWORK),
        "tls": ("The TLS connection to Slack failed or is not trusted.", NETWORK),
        "bad_api_url": (
            "The configured address of Slack's API is not a URL.",
            "Set api_url below [slack] in schedbot.toml.",
        ),
        "bad_proxy": (
            "The address of the proxy to Slack is not a URL of an HTTP proxy.",
            "Write HTTPS_PROXY (or HTTP_PROXY, ALL_PROXY) like http://proxy.example:3128.",
        ),
        "missing_customize": ("The app lacks the scope chat:write.customize, which name and icon need.", APP_NAME),
        "not_arrived": (
            "The message is not in the channel's history, and no attempt is left.",
            "Run `schedbot retry JOB` to send it again.",
        ),
        "upload_failed": ("The file could not be uploaded. Nothing of it was shared.", NOTHING),
        "no_tick": (
            "No tick ran for a long time, so many occurrences were missed at once.",
            "Run `schedbot backfill NAME --from WHEN --to WHEN` to post some of them.",
        ),
        "deadline": (
            "The message was not posted within its grace.",
            "Run `schedbot retry JOB --stale` to post it late; `schedbot edit NAME --grace SPAN` allows more.",
        ),
    },
    Outcome.MESSAGE_REFUSED: {
        "missing_files_scope": ("The workspace's token lacks a scope that files need.", FILES_SCOPE),
        "picture_not_drawn": ("A picture of the report could not be drawn; its message says why.", REPORT),
        "picture_not_stored": ("A picture could not be written beside the database.", "Free disk space."),
        "thread_gone": ("The message that the thread belongs to was deleted in Slack.", NEW_FILE),
        "file_lost": ("The file was removed from this machine before it was uploaded.", NEW_FILE),
    },
    Outcome.CHANNEL_REFUSED: {
        "missing_im_write": ("The app lacks the scope im:write, which a message to a person needs.", IM_WRITE),
    },
    Outcome.RENDER_FAILED: {"render_failed": ("The report could not be rendered.", REPORT)},
    Outcome.NOT_READY: {"not_ready": ("The data of the report was not there yet.", NOT_READY)},
    Outcome.NOTHING_TO_REPORT: {
        "nothing_to_report": ("The report had nothing to report.", NO_REPORT),
        "superseded": (
            "The message already shows a later occurrence.",
            f"{NOTHING_TO_DO} `--update` keeps the message at the latest occurrence.",
        ),
    },
    Outcome.LOST_UNSENT: {
        "lost_unsent": ("The worker died before the request left.", NOTHING),
        "window_passed": ("The worker was too late to send under its lease, and sent nothing.", NOTHING),
        "no_descriptors": (
            "This machine has no file descriptor left for schedbot.",
            f"Raise the limit (`ulimit -n`, or `LimitNOFILE=` of the systemd unit), or lower in_flight.{RETRIED}",
        ),
        "no_memory": (
            "This machine has no memory left for schedbot.",
            f"Free memory, raise the limit (`ulimit -v`, or `MemoryMax=` of the systemd unit), or lower processes and "
            f"in_flight.{RETRIED}",
        ),
        "no_processes": (
            "This machine can start no other process or thread for schedbot.",
            f"End other processes, or raise the limit (`ulimit -u`, or `TasksMax=` of the systemd unit).{RETRIED}",
        ),
        "no_posters": (
            "No process that posts can be started, so nothing is posted.",
            START_REMEDY,
        ),
        "no_renderers": (
            "No process that renders templates can be started.",
            START_REMEDY,
        ),
        "no_live_renderers": (
            "No process that renders live reports can be started.",
            START_REMEDY,
        ),
        "spool_unusable": (
            "The files of a report cannot be written beside the database.",
            f"Free disk space, and let the user of schedbot write the folder `<database>-files`.{RETRIED}",
        ),
        "io_error": ("This machine cannot read or write its disk.", f"Check the disk.{RETRIED}"),
    },
    Outcome.TOKEN_REFUSED: {
        "token_unavailable": ("The workspace's token could not be read from its source.", NEW_TOKEN)
    },
}

# Families of codes: prefix, suffix and the row without its code. A code in the table takes precedence.
_FAMILIES: tuple[tuple[str, str, Outcome, str, str], ...] = (
    (
        *("restricted_action_", "", Outcome.CHANNEL_REFUSED),
        *(RESTRICTED, ASK_ADMIN),
    ),
    (
        *("slack_connect_", "_blocked", Outcome.CHANNEL_REFUSED),
        *("Slack Connect does not allow the app to post in this shared channel.", ASK_ADMIN),
    ),
    ("draft_", "", Outcome.OUR_DEFECT, "schedbot sent a request that Slack takes for a draft.", BUG),
    ("http_", "", Outcome.UNKNOWN, "Slack returned an HTTP error without an error code.", LOOKED_UP),
)

ERROR_CODES: dict[str, ErrorCode] = {
    code: ErrorCode(code, outcome, sentence, remedy)
    for table in (_SLACK_CODES, _OUR_CODES)
    for outcome, codes in table.items()
    for code, (sentence, remedy) in codes.items()
}


def is_known(code: str) -> bool:
    """Is `code` in the table, or in a family of codes?"""
    return code in ERROR_CODES or _find_family_row(code) is not None


def explain(code: str) -> ErrorCode:
    """Return the row of `code`. A code outside the table is `unknown`: looked up once, then a person decides."""
    known = ERROR_CODES.get(code) or _find_family_row(code)
    if known is not None:
        return known
    remedy = "Look in the channel; `schedbot retry JOB` sends it again. Please report the code."
    return ErrorCode(code, Outcome.UNKNOWN, f"Slack returned the code '{code}', which schedbot does not know.", remedy)


def is_token_refused(code: str | None) -> bool:
    """Does `code` mean that the token was refused or could not be read?"""
    return code is not None and explain(code).outcome is Outcome.TOKEN_REFUSED


def _find_family_row(code: str) -> ErrorCode | None:
    for prefix, suffix, outcome, sentence, remedy in _FAMILIES:
        if code.startswith(prefix) and code.endswith(suffix):
            return ErrorCode(code, outcome, sentence, remedy)
    return None
