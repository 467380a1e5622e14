"""`schedbot preview`: what a schedule would post."""

from typing import Annotated, Any

import typer

from schedbot import times
from schedbot.admin.schedules import preview
from schedbot.admin.schedules.preview import Preview
from schedbot.presentation import terminal
from schedbot.reports import terminal_preview
from schedbot.session import open_session

STYLES = {"plain": "", "bold": "bold", "dim": "dim", "link": "cyan"}


def run(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The schedule.")],
    at: Annotated[str, typer.Option(metavar="WHEN", help="For this occurrence; the next one by default.")] = "",
    json: Annotated[bool, typer.Option("--json", help="The message's arguments for Slack, as one object.")] = False,
) -> None:
    """Show what a schedule would post, as it would look. Nothing is posted.

    Example:  schedbot preview acme-weekly --at '2026-12-01 09:00'
    """
    with open_session() as session:
        seen = preview.preview(session, name, at)
        now = session.now()
    if json:
        terminal.json_lines([arguments(seen)])
        return
    zone = times.zone(seen.schedule.recurrence.tz)
    due = times.format_instant(seen.due_at, zone, now)
    terminal.note(
        f"{seen.schedule.name} in {seen.schedule.terms.channel}, {due} ({times.format_relative(seen.due_at, now)}):"
    )
    for style, text in terminal_preview.preview_lines(seen.message, terminal.width()):
        terminal.say(text, style=STYLES[style])


def arguments(seen: Preview) -> dict[str, Any]:
    """What Slack would be sent."""
    blocks = [dict(block) for block in seen.message.blocks]
    return {"channel": seen.schedule.terms.channel, "text": seen.message.text, "blocks": blocks}
