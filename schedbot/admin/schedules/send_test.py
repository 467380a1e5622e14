"""A schedule's message is posted now, marked as a test, beside the queue but at the channel's pace.

Rule: no job, no attempt, no metadata: nothing may take a test for the real thing. What Slack says is told as it is.
"""

import re
import shlex
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from schedbot import times
from schedbot.admin.schedules import preview
from schedbot.admin.schedules.lookup import find
from schedbot.admin.workspaces import check
from schedbot.clock import steady_ms
from schedbot.errors import ReportFailed, SchedbotError
from schedbot.model import AttemptResult, Message, Outcome, Schedule
from schedbot.reports import limits
from schedbot.session import Session
from schedbot.slack import channels, error_codes, remedies
from schedbot.store.jobs import pacing
from schedbot.store.schedules import workspaces
from schedbot.store.schedules.workspaces import Workspace

# What a pool would do by itself is the caller's to do here.
AGAIN = {
    Outcome.RATE_LIMITED: "Try again in a while.",
    Outcome.NOT_POSTED: "Try again; 'schedbot doctor --online' tests the connection to Slack.",
    Outcome.UNKNOWN: "If it is not there, try again.",
}
MARK = "[Test]"
SENTENCE = f"{MARK} A trial of a scheduled report."
SPAN_MS = 1_000  # Slack takes one post a second and channel
PATIENCE_MS = 30_000
MARGIN_MS = 5_000
LOOK_MS = 200
# Of a test no job waits, and no schedule was suspended for it.
THEN_GO_ON = re.compile(r", then run 'schedbot (?:workspace )?(?:resume|retry)\b.*")


@dataclass(frozen=True, slots=True)
class SentTest:
    """Where a test went, and what Slack said."""

    schedule: Schedule
    channel: str
    reply: AttemptResult
    remedy: str = ""


def send(session: Session, name: str, to: str = "", sleep: Callable[[float], None] = time.sleep) -> SentTest:
    """Post the schedule's next message to its channel, or to `to`. Raises NotFound, BadInput, ReportFailed,
    TokenUnavailable, and SchedbotError for a workspace that is paused or held by a limit, or a busy channel."""
    from schedbot.slack import one_shot

    schedule = find(session.db, name)
    channel = channels.parse_channel_id(to) if to else schedule.terms.channel
    workspace = workspaces.by_id(session.db, schedule.workspace_id)
    refuse_paused(workspace)
    message = marked(preview.render(schedule, preview.next_due_or_now(schedule, session.now())))
    token = check.find_token(session.settings, workspace)
    kept = taken(session, workspace, channel, sleep)
    reply = one_shot.post_message(session.settings.api_url, token, channel, message, session.settings.timeout_ms)
    free_again(session, workspace, channel, kept, reply)
    return SentTest(schedule, channel, reply, remedy(reply, schedule, workspace, to))


def remedy(reply: AttemptResult, schedule: Schedule, workspace: Workspace, to: str) -> str:
    """What helps where it was refused. Where only the test was to go to that channel, the schedule is right."""
    if reply.outcome in AGAIN:
        return AGAIN[reply.outcome]
    asked = error_codes.explain(reply.error or "").remedy
    if to and asked == error_codes.CHANNEL:
        return "Name another channel with --to."
    if asked == error_codes.BUG:
        return "This is a bug in schedbot. Please report it."
    told = remedies.fill_names(asked, workspace.name, schedule.name).removesuffix(error_codes.RETRIED_HOURLY)
    return THEN_GO_ON.sub(", then try again.", told)


def refuse_paused(workspace: Workspace) -> None:
    if workspace.paused_at is not None:
        raise SchedbotError(
            f"The workspace '{workspace.name}' is paused: {workspace.paused_reason}.",
            hint=f"Nothing is posted until 'schedbot workspace resume {shlex.quote(workspace.name)}'.",
        )


def marked(message: Message) -> Message:
    """The message with a line that says it is a test. Raises ReportFailed where there is no room for one."""
    if not message.blocks:
        return limits.enforce(replace(message, text=f"{MARK} {message.text}"))
    if len(message.blocks) >= limits.MAX_BLOCKS:
        raise ReportFailed(
            f"The message has {len(message.blocks)} blocks: there is no room to mark it as a test.",
            hint=f"Leave one of Slack's {limits.MAX_BLOCKS} blocks free, or look at it with 'schedbot preview'.",
        )
    mark = {"type": "context", "elements": [{"type": "mrkdwn", "text": SENTENCE}]}
    return limits.enforce(Message(f"{MARK} {message.text}", (mark, *message.blocks)))


def taken(session: Session, workspace: Workspace, channel: str, sleep: Callable[[float], None]) -> int:
    """Wait for the channel and keep it; the pools leave it alone until the instant that is returned.

    A post on its way keeps its channel for its time-out, and lets it go as soon as it has an answer: so it is looked at
    again and again. Raises SchedbotError.
    """
    # The message may arrive at any moment until the request's time-out.
    kept_ms = session.settings.timeout_ms + SPAN_MS
    patient_until = steady_ms() + patience_ms(session)
    while True:
        now = session.now()
        free_at = pacing.get_free_at(session.db, workspace.id, pacing.POST, channel, now)
        if free_at <= now:
            with session.db.writing():
                now = session.now()
                if pacing.reserve(session.db, workspace.id, channel, now, now + kept_ms):
                    return now + kept_ms
        elif steady_ms() > patient_until or free_at > now + patience_ms(session):
            raise busy(session, workspace, channel, free_at - now)
        sleep(max(0, min(free_at - now, LOOK_MS)) / 1000)


def patience_ms(session: Session) -> int:
    return max(PATIENCE_MS, session.settings.timeout_ms + MARGIN_MS)


def busy(session: Session, workspace: Workspace, channel: str, wait_ms: int) -> SchedbotError:
    """Why nothing can be posted, and when it can be tried again."""
    if wait_ms > patience_ms(session):
        return SchedbotError(
            f"Slack takes no posts from the workspace '{workspace.name}' for another "
            f"{times.format_duration(wait_ms)}: a limit was reached.",
            hint="Try again after that.",
        )
    return SchedbotError(f"Other posts keep {channel} busy.", hint="Try again when they are through, or say --to.")


def free_again(session: Session, workspace: Workspace, channel: str, kept: int, reply: AttemptResult) -> None:
    """The channel is free a second after the answer; what Slack asked of this call holds for every pool."""
    with session.db.writing():
        now = session.now()
        pacing.release(session.db, workspace.id, channel, kept, now, now + SPAN_MS)
        if reply.outcome is Outcome.RATE_LIMITED and reply.retry_after_ms:
            pacing.hold(session.db, workspace.id, pacing.POST, "", now, now + reply.retry_after_ms)
