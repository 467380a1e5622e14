"""`test-send`: post a schedule's message now, marked as a test, outside the queue but within the channel's limit.

A test has no job, no attempt and no metadata, so that nothing takes it for a delivery.
"""

import re
import shlex
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from tempfile import TemporaryDirectory

from schedbot import settings, times
from schedbot.admin.schedules import preview
from schedbot.admin.schedules.preview import NoMessage
from schedbot.admin.schedules.selection import find
from schedbot.admin.workspaces import channel_turns, check
from schedbot.errors import BadInput, ReportFailed, SchedbotError
from schedbot.model import AttemptResult, Message, Outcome, Schedule
from schedbot.posts import PostOptions
from schedbot.reports import limits
from schedbot.rules.block_kit.blocks import MAX_BLOCKS
from schedbot.session import Session
from schedbot.slack import channel_ids, error_codes, remedies, remedy_texts
from schedbot.store.jobs import direct_messages, pacing
from schedbot.store.operations import ownership
from schedbot.store.schedules import workspaces
from schedbot.store.schedules.workspaces import Workspace

# A pool retries by itself; a person has to repeat a test.
TRY_AGAIN = {
    Outcome.RATE_LIMITED: "Try again in a while.",
    Outcome.NOT_POSTED: "Try again; 'schedbot doctor --online' tests the connection to Slack.",
    Outcome.UNKNOWN: "If it is not there, try again.",
}
ME = "@me"
MARK = "[Test]"
NOTICE = f"{MARK} A test of a scheduled report."
MAX_WAIT_MS = 30_000
MARGIN_MS = 5_000
# No job waits for a test, and no schedule is suspended because of it.
THEN_RESUME = re.compile(r", then run 'schedbot (?:workspace )?(?:resume|retry)\b.*")


@dataclass(frozen=True, slots=True)
class SentTest:
    """A test's channel, and the result of its request."""

    schedule: Schedule
    channel: str
    result: AttemptResult
    remedy: str = ""


def send(session: Session, name: str, to: str = "", sleep: Callable[[float], None] = time.sleep) -> SentTest:
    """Post the schedule's next message to its channel, or to `to`; `@me` is the person of SCHEDBOT_ME.

    Raises NotFound, BadInput, ReportFailed, TokenUnavailable, and SchedbotError for a paused workspace, a rate limit
    of the workspace, or a busy channel.
    """
    from schedbot.admin.schedules.send_parts import PartSender  # loads slack_sdk

    schedule = find(session.db, name)
    channel = find_channel(to) if to else schedule.terms.channel
    workspace = workspaces.by_id(session.db, schedule.workspace_id)
    ownership.refuse_unowned(session.db)
    refuse_paused(workspace)
    terms, pace = schedule.terms, partial(send_at_pace, session, workspace, sleep)
    options = PostOptions(username=terms.username, icon=terms.icon, unfurl=terms.unfurl)
    with TemporaryDirectory(prefix="schedbot-") as folder:
        message = mark(render(session, schedule, folder))
        token = check.find_token(session.settings, workspace)
        conversation = find_conversation(session, workspace, token, channel)
        if isinstance(conversation, AttemptResult):
            return SentTest(schedule, channel, conversation, find_remedy(conversation, schedule, workspace, to))
        channel = conversation
        result = PartSender(session.settings, token, options, pace).send(channel, message)
    return SentTest(schedule, channel, result, find_remedy(result, schedule, workspace, to))


def find_conversation(session: Session, workspace: Workspace, token: str, channel: str) -> str | AttemptResult:
    """Return the channel, or for a person the direct message, which Slack opens at the first post to that person."""
    from schedbot.slack import one_shot

    if not channel_ids.is_person(channel):
        return channel
    known = direct_messages.find(session.db, workspace.id, channel)
    if known:
        return known
    settings = session.settings
    conversation = one_shot.open_conversation(settings.api_url, token, channel, settings.timeout_ms)
    if isinstance(conversation, str):
        with session.db.writing():
            direct_messages.save(session.db, workspace.id, channel, conversation, session.now())
    return conversation


def find_channel(to: str) -> str:
    """Return the channel of --to, or the user of SCHEDBOT_ME. Raises BadInput."""
    if to != ME:
        return channel_ids.parse_channel_id(to)
    user = settings.read_variable("SCHEDBOT_ME")
    hint = "Set it to your Slack user id: your profile, the three dots, Copy member ID."
    if not user:
        raise BadInput("The variable SCHEDBOT_ME is not set, so nobody is '@me'.", hint)
    if not channel_ids.is_person(user):
        raise BadInput(f"SCHEDBOT_ME is {times.quote(user)}, which is not a user id.", hint)
    return channel_ids.parse_channel_id(user)


def render(session: Session, schedule: Schedule, folder: str) -> Message:
    """Return the schedule's next message, with its files in `folder`. Raises SchedbotError without a message."""
    try:
        return preview.render(session, schedule, preview.next_due_or_now(schedule, session.now()), folder)
    except NoMessage as error:
        raise SchedbotError(f"Nothing was posted. {error}", "Use --on-empty to post a text then.") from None


def find_remedy(result: AttemptResult, schedule: Schedule, workspace: Workspace, to: str) -> str:
    """Return the remedy for a refused test. With `to`, the schedule's own channel is not the cause."""
    if result.outcome in TRY_AGAIN:
        return TRY_AGAIN[result.outcome]
    remedy = error_codes.explain(result.error or "").remedy
    if to and remedy == remedy_texts.CHANNEL:
        return "Use another channel with --to."
    if remedy == remedy_texts.BUG:
        return "This is a bug in schedbot. Please report it."
    filled = remedies.fill_names(remedy, workspace.name, schedule.name).removesuffix(remedy_texts.RETRIED_HOURLY)
    return THEN_RESUME.sub(", then try again.", filled)


def refuse_paused(workspace: Workspace) -> None:
    if workspace.paused_at is not None:
        raise SchedbotError(
            f"The workspace '{workspace.name}' is paused: {workspace.paused_reason}.",
            hint=f"Nothing is posted until 'schedbot workspace resume {shlex.quote(workspace.name)}'.",
        )


def mark(message: Message) -> Message:
    """Return the message with a notice that it is a test. Raises ReportFailed if there is no room for the notice."""
    if not message.blocks:
        return limits.enforce(replace(message, text=f"{MARK} {message.text}".strip()))
    if len(message.blocks) >= MAX_BLOCKS and not message.continuation:
        raise ReportFailed(
            f"The message has {len(message.blocks)} blocks: there is no room to mark it as a test.",
            hint=f"Leave one of Slack's {MAX_BLOCKS} blocks free, or look at it with 'schedbot preview'.",
        )
    notice = {"type": "context", "elements": [{"type": "mrkdwn", "text": NOTICE}]}
    return limits.enforce(replace(message, text=f"{MARK} {message.text}".strip(), blocks=(notice, *message.blocks)))


def send_at_pace(
    session: Session,
    workspace: Workspace,
    sleep: Callable[[float], None],
    channel: str,
    request: Callable[[], AttemptResult],
) -> AttemptResult:
    """Make a request once the channel is free, and free the channel a second after the answer.

    A rate limit of this request holds for every pool.
    """
    turn = channel_turns.take(session, workspace, channel, max_wait_ms(session), sleep)
    result = request()
    with session.db.writing():
        now = session.now()
        channel_turns.end(session.db, turn, now)
        if result.outcome is Outcome.RATE_LIMITED and result.retry_after_ms:
            pacing.hold(session.db, workspace.id, pacing.POST, "", now, now + result.retry_after_ms)
    return result


def max_wait_ms(session: Session) -> int:
    return max(MAX_WAIT_MS, session.settings.timeout_ms + MARGIN_MS)
