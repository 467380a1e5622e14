"""`schedbot test-send`: post a schedule's message now, marked as a test."""

from typing import Annotated, Any

import typer

from schedbot.admin.schedules import send_test
from schedbot.admin.schedules.send_test import SentTest
from schedbot.errors import FAILED
from schedbot.model import Outcome
from schedbot.presentation import output
from schedbot.session import open_session
from schedbot.slack.remedies import describe_reason


def run(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Schedule name.")],
    to: Annotated[
        str, typer.Option("--to", metavar="CHANNEL", help="Another channel, by id or link; @me for SCHEDBOT_ME.")
    ] = "",
    json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Post a schedule's next message once, now, marked as a test. It is not a job: no retry, no entry in the audit.

    Exit code 0 only if Slack confirms the post.

    Example:  schedbot test-send acme-weekly --to C0123456789
    """
    with open_session() as session:
        sent = send_test.send(session, name, to)
    is_posted = sent.result.outcome is Outcome.POSTED
    if json:
        output.json_lines([to_json(sent)])
    elif is_posted:
        output.print_line(f"Posted to {sent.channel}, ts {sent.result.ts}.")
    if is_posted:
        return
    output.note(f"Error: {describe_failure(sent)}")
    output.note(f"Hint:  {sent.remedy}")
    raise typer.Exit(FAILED)


def describe_failure(sent: SentTest) -> str:
    reason = describe_reason(sent.result.error) or "no reason is on record"
    if sent.result.outcome is Outcome.UNKNOWN:
        return f"It is unknown whether the test was posted to {sent.channel}: {reason}. Look in the channel."
    speaker = "" if sent.result.http_status is None else "Slack says: "
    detail = f" {speaker}{sent.result.detail}" if sent.result.detail else ""
    return f"Not posted to {sent.channel}: {reason}.{detail}"


def to_json(sent: SentTest) -> dict[str, Any]:
    return {
        "schedule": sent.schedule.name,
        "channel": sent.channel,
        "posted": sent.result.outcome is Outcome.POSTED,
        "ts": sent.result.ts,
        "outcome": sent.result.outcome.value,
        "error": sent.result.error,
        "http_status": sent.result.http_status,
        "detail": sent.result.detail,
    }
