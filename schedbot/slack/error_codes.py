"""What each of Slack's error codes, and each of ours, means: THE table.

Rule: one code, one group (`Outcome`), one sentence for a person, one remedy. What the pool does with a group is decided
elsewhere, by the group alone. `audit`, `retry`, `why` and the manual read this table.
Source: https://docs.slack.dev/reference/methods/chat.postMessage (autumn 2026), and the grouping of our own.
"""

from dataclasses import dataclass

from schedbot.model import Outcome


@dataclass(frozen=True, slots=True)
class Answer:
    """A code's meaning: `sentence` says what happened, `remedy` what a person can do (or that nothing is needed)."""

    code: str
    outcome: Outcome
    sentence: str
    remedy: str


RESUME = "Mend it, then `schedbot workspace resume NAME`: what waits is sent."
NEW_TOKEN = "Put a valid token where the workspace's token is kept, then `schedbot workspace resume NAME`."
CHECK = "`schedbot workspace check NAME` says which scopes are missing and what for."
CHANNEL = "`schedbot edit NAME --channel CHANNEL`, then `schedbot resume NAME` and `schedbot retry`."
INVITE = "In Slack, `/invite` the app into the channel; then `schedbot resume NAME` and `schedbot retry`."
ASK_ADMIN = "Ask an admin of the Slack workspace; then `schedbot resume NAME` and `schedbot retry`."
REPORT = "`schedbot preview NAME` shows the message; mend the report, then `schedbot retry`."
NOTHING = "Nothing to do: it is tried again by itself."
LOOKED_UP = "Nothing to do: the channel's history is asked whether it arrived."
DEFECT = "This is a defect of schedbot. Please report it with the output of `schedbot audit JOB --json`."
NETWORK = "`schedbot doctor --online` tries the way to Slack. It is tried again by itself."

_WHAT_SLACK_SAYS: dict[Outcome, dict[str, tuple[str, str]]] = {
    Outcome.RATE_LIMITED: {
        "ratelimited": ("Slack asked to wait: too many requests of this kind in this workspace.", NOTHING),
        "rate_limited": ("Slack asked to wait: too many requests of this kind in this workspace.", NOTHING),
    },
    Outcome.QUOTA: {
        "message_limit_exceeded": (
            "The workspace has used up the messages that its Slack plan allows.",
            "An admin of the Slack workspace can free space or change the plan. It is tried again every hour.",
        ),
    },
    Outcome.UNKNOWN: {
        "internal_error": ("Slack failed inside, and does not say whether it posted the message.", LOOKED_UP),
        "fatal_error": ("Slack failed inside, and may have posted the message before it did.", LOOKED_UP),
        "service_unavailable": ("Slack was not available, and does not say whether it posted the message.", LOOKED_UP),
    },
    Outcome.NOT_POSTED: {
        "request_timeout": ("Slack received only a part of the request.", NOTHING),
        "org_login_required": ("The workspace is being moved to an Enterprise organisation.", NOTHING),
        "team_added_to_org": ("The workspace is being moved to an Enterprise organisation.", NOTHING),
    },
    Outcome.TOKEN_REFUSED: {
        "token_expired": ("The workspace's token has expired.", NEW_TOKEN),
        "invalid_auth": ("Slack does not accept the workspace's token.", NEW_TOKEN),
        "not_authed": ("The request carried no token.", NEW_TOKEN),
        "token_revoked": ("The workspace's token was revoked: the app was removed, or its token replaced.", NEW_TOKEN),
        "account_inactive": ("The token belongs to a user or workspace that was deleted.", NEW_TOKEN),
        "missing_scope": ("The workspace's token lacks a scope that posting needs.", CHECK),
        "not_allowed_token_type": ("A token of this kind cannot post. A bot token (xoxb-...) can.", NEW_TOKEN),
        "team_access_not_granted": ("The app was not granted access to this workspace of the organisation.", RESUME),
        "two_factor_setup_required": ("The token's user must first set up two-factor authentication.", RESUME),
        "access_denied": ("Slack denies the app access to this.", RESUME),
        "accesslimited": ("Access to this workspace is limited at present.", RESUME),
        "enterprise_is_restricted": ("The method cannot be called with a token of this Enterprise.", NEW_TOKEN),
    },
    Outcome.CHANNEL_REFUSED: {
        "channel_not_found": ("The channel does not exist, or is private and the app is not in it.", CHANNEL),
        "not_in_channel": ("The app is not in the channel.", INVITE),
        "no_permission": ("The app may not post in this conversation.", ASK_ADMIN),
        "is_archived": ("The channel is archived.", CHANNEL),
        "restricted_action": ("A setting of the workspace keeps the app from posting in this channel.", ASK_ADMIN),
        "ekm_access_denied": ("The organisation's key management has suspended posting here.", ASK_ADMIN),
        "messages_tab_disabled": (
            "The app's Messages tab is off, so it cannot be written to this user.",
            "Switch on the Messages tab in the app's settings (App Home); then `schedbot resume NAME`.",
        ),
        "cannot_reply_to_message": ("This kind of message cannot have replies.", CHANNEL),
        "team_not_found": ("Slack does not know the workspace that the channel belongs to.", CHANNEL),
    },
    Outcome.MESSAGE_REFUSED: {
        "no_text": ("The message is empty.", REPORT),
        "msg_too_long": ("The message is too long.", REPORT),
        "msg_blocks_too_long": ("The message's blocks are too long together.", REPORT),
        "invalid_blocks": ("Slack does not accept the message's blocks.", REPORT),
        "invalid_blocks_format": ("The message's blocks are not a list of blocks.", REPORT),
        "markdown_text_conflict": ("The message has both Markdown text and text or blocks.", REPORT),
        "too_many_attachments": ("The message has more than 100 attachments.", REPORT),
        "attachment_payload_limit_exceeded": ("The message's attachments are too large.", REPORT),
        "too_many_contact_cards": ("The message has too many contact cards.", REPORT),
        "missing_file_data": ("The message names a file without its content.", REPORT),
        "metadata_too_large": ("The message's metadata is too large.", REPORT),
        "invalid_metadata_format": ("Slack does not accept the form of the message's metadata.", REPORT),
        "invalid_metadata_schema": ("Slack does not accept the message's metadata: the app declares a schema.", REPORT),
        "metadata_must_be_sent_from_app": ("Metadata can only be sent with an app's token.", NEW_TOKEN),
    },
    Outcome.OUR_DEFECT: {
        code: (f"schedbot made a request that Slack does not understand ({code}).", DEFECT)
        for code in (
            *("invalid_arguments", "invalid_arg_name", "invalid_array_arg", "invalid_charset", "invalid_form_data"),
            *("invalid_post_type", "missing_post_type", "as_user_not_supported"),
            *("method_deprecated", "deprecated_endpoint"),
        )
    },
}

# Codes that Slack never sends: what happened on the way, or before it.
_WHAT_WE_SAY: dict[Outcome, dict[str, tuple[str, str]]] = {
    Outcome.UNKNOWN: {
        "timeout": ("Slack received the request and did not answer in time.", LOOKED_UP),
        "connection_lost": ("The connection broke after the request was written.", LOOKED_UP),
        "not_json": ("What answered was not in Slack's form.", LOOKED_UP),
        "no_ts": ("Slack said ok but did not name the message (no ts).", LOOKED_UP),
        "worker_lost": ("The worker was lost after the request left.", LOOKED_UP),
    },
    Outcome.NOT_POSTED: {
        "connect_timeout": ("No connection to Slack could be made in time.", NETWORK),
        "connection_refused": ("The connection to Slack was refused.", NETWORK),
        "connection_failed": ("The connection to Slack could not be made.", NETWORK),
        "dns": ("Slack's name could not be resolved.", NETWORK),
        "tls": ("No trusted TLS connection to Slack could be made.", NETWORK),
        "bad_api_url": ("The address of Slack's API is no address.", "Set api_url below [slack] in schedbot.toml."),
        "not_arrived": (
            "The channel's history shows that it did not arrive, and no attempt is left.",
            "`schedbot retry JOB` sends it again.",
        ),
        "deadline": (
            "It was not posted within its grace time.",
            "`schedbot retry JOB --stale` posts it late all the same; `schedbot edit NAME --grace SPAN` allows more.",
        ),
    },
    Outcome.RENDER_FAILED: {"render_failed": ("The report could not be rendered.", REPORT)},
    Outcome.LOST_UNSENT: {
        "lost_unsent": ("The worker was lost before the request left.", NOTHING),
        "window_passed": ("The worker came too late to send it under its lease, and sent nothing.", NOTHING),
    },
    Outcome.TOKEN_REFUSED: {
        "token_unavailable": ("The workspace's token could not be had from where it is kept.", NEW_TOKEN)
    },
}

# Families of codes, by how they begin and end. A code that is in the table by its full name goes before these.
_FAMILIES: tuple[tuple[str, str, Outcome, str, str], ...] = (
    (
        *("restricted_action_", "", Outcome.CHANNEL_REFUSED),
        *("A setting of the workspace keeps the app from posting in this channel.", ASK_ADMIN),
    ),
    (
        *("slack_connect_", "_blocked", Outcome.CHANNEL_REFUSED),
        *("Slack Connect does not let the app post in this shared channel.", ASK_ADMIN),
    ),
    ("draft_", "", Outcome.OUR_DEFECT, "schedbot made a request that Slack takes for a draft.", DEFECT),
    ("http_", "", Outcome.UNKNOWN, "Slack answered with an HTTP error and without a code of its own.", LOOKED_UP),
)

ANSWERS: dict[str, Answer] = {
    code: Answer(code, outcome, sentence, remedy)
    for table in (_WHAT_SLACK_SAYS, _WHAT_WE_SAY)
    for outcome, codes in table.items()
    for code, (sentence, remedy) in codes.items()
}


def is_known(code: str) -> bool:
    """Whether `code` stands in the table, by its name or by its family."""
    return code in ANSWERS or _family(code) is not None


def explain(code: str) -> Answer:
    """What `code` means. A code that is not in the table is `unknown`: a person is told, and nothing loops on it."""
    known = ANSWERS.get(code) or _family(code)
    if known is not None:
        return known
    remedy = "The channel's history is asked whether it arrived. Please report the code, so that it gets a meaning."
    return Answer(code, Outcome.UNKNOWN, f"Slack answered '{code}', which schedbot does not know.", remedy)


def refuses_a_token(code: str | None) -> bool:
    """Does `code` say that the token is not taken, or is not there?"""
    return code is not None and explain(code).outcome is Outcome.TOKEN_REFUSED


def _family(code: str) -> Answer | None:
    for prefix, suffix, outcome, sentence, remedy in _FAMILIES:
        if code.startswith(prefix) and code.endswith(suffix):
            return Answer(code, outcome, sentence, remedy)
    return None
