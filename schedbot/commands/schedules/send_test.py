"""`schedbot test-send`: post a schedule's message now, marked as a test."""

from typing import Annotated, Any

import typer

from schedbot.admin.schedules import send_test
from schedbot.admin.schedules.send_test import SentTest
from schedbot.errors import FAILED
from schedbot.model import Outcome
from schedbot.presentation import terminal
from schedbot.session import open_session
from schedbot.slack import error_codes


def run(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The schedule.")],
    to: Annotated[str, typer.Option("--to", metavar="CHANNEL", help="Another channel's id or link.")] = "",
    json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Post a schedule's next message now, once, marked as a test. It is no job: no retry, and not in the audit.

    Exit code 0 only if Slack says that it is posted.

    Example:  schedbot test-send acme-weekly --to C0123456789
    """
    with open_session() as session:
        sent = send_test.send(session, name, to)
    posted = sent.reply.outcome is Outcome.POSTED
    if json:
        terminal.json_lines([as_json(sent)])
    elif posted:
        terminal.say(f"Posted to {sent.channel}, ts {sent.reply.ts}.")
    if posted:
        return
    told = error_codes.explain(sent.reply.error or "")
    terminal.note(f"Error: {verdict(sent)} {told.sentence} ({sent.reply.error})")
    terminal.note(f"Hint:  {sent.remedy}")
    raise typer.Exit(FAILED)


def verdict(sent: SentTest) -> str:
    if sent.reply.outcome is Outcome.UNKNOWN:
        return f"Whether it was posted to {sent.channel} is not known; look there."
    return f"Not posted to {sent.channel}."


def as_json(sent: SentTest) -> dict[str, Any]:
    """What came of it, as one object."""
    return {
        "schedule": sent.schedule.name,
        "channel": sent.channel,
        "posted": sent.reply.outcome is Outcome.POSTED,
        "ts": sent.reply.ts,
        "outcome": sent.reply.outcome.value,
        "error": sent.reply.error,
        "http_status": sent.reply.http_status,
    }
