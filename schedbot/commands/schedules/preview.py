"""`schedbot preview`: show the message that a schedule would post."""

import json as jsonlib
from collections.abc import Mapping
from itertools import chain
from typing import Annotated, Any
from urllib.parse import quote

import typer

from schedbot import times
from schedbot.admin.schedules import preview
from schedbot.admin.schedules.preview import Preview
from schedbot.errors import BadInput
from schedbot.model import Message
from schedbot.presentation import output
from schedbot.presentation.message.print_message import print_message
from schedbot.reports import block_checks
from schedbot.session import open_session


def run(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Schedule name.")],
    at: Annotated[str, typer.Option(metavar="WHEN", help="Occurrence. [default: the next one]")] = "",
    open: Annotated[bool, typer.Option("--open", help="Print a link to Block Kit Builder for each message.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Arguments of each Slack request, one object a line.")] = False,
) -> None:
    """Show the message that a schedule would post. Nothing is posted.

    Example:  schedbot preview acme-weekly --at '2026-12-01 09:00'
    """
    if open and json:
        raise BadInput("--open and --json cannot be combined.", "Use one of them.")
    with open_session() as session:
        result = preview.preview(session, name, at)
        now = session.now()
    schedule = result.schedule
    if json:
        output.json_lines([] if result.note else [slack_arguments(result, part) for part in list_parts(result.message)])
        return
    zone = times.zone(schedule.recurrence.tz)
    due = times.format_instant(result.due_at, zone, now)
    relative = times.format_relative(result.due_at, now)
    output.note(f"{schedule.name} in {schedule.terms.channel}, {due} ({relative}):")
    if result.note:
        output.print_line(result.note)
        return
    if open:
        for part in list_parts(result.message):
            print(builder_link(slack_arguments(result, part)))  # not wrapped: a terminal makes it a link
        return
    print_message(result.message, output.width(), zone=zone)
    for warning in chain.from_iterable(map(block_checks.find_warnings, list_parts(result.message))):
        output.note(f"Note: {warning}")


def list_parts(message: Message) -> list[Message]:
    """Return the message and those that follow it in its thread."""
    return [message, *message.continuation]


def builder_link(arguments: Mapping[str, Any]) -> str:
    """Return the address of Block Kit Builder with a message. Source: https://app.slack.com/block-kit-builder"""
    blocks = arguments["blocks"] or [{"type": "section", "text": {"type": "mrkdwn", "text": arguments["text"]}}]
    payload: dict[str, Any] = {"blocks": blocks}
    if "attachments" in arguments:
        payload["attachments"] = arguments["attachments"]
    content = jsonlib.dumps(payload, ensure_ascii=False, separators=(",", ":"))
    return f"https://app.slack.com/block-kit-builder/#{quote(content)}"


def slack_arguments(result: Preview, message: Message) -> dict[str, Any]:
    """Return the arguments of the request that would post a message."""
    blocks, attachments = (list(map(dict, parts)) for parts in (message.blocks, message.attachments))
    arguments = {"channel": result.schedule.terms.channel, "text": message.text, "blocks": blocks}
    return {**arguments, "attachments": attachments} if attachments else arguments
