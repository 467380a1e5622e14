"""`schedbot workspace check`: test tokens, scopes and channels with Slack."""

import shlex
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from schedbot.admin.workspaces import check, lookup
from schedbot.admin.workspaces.check import ChannelCheck, MissingScope, WorkspaceCheck
from schedbot.errors import FAILED
from schedbot.presentation import output
from schedbot.session import open_session
from schedbot.slack.remedies import describe_reason

LEVELS = {True: "ok", False: "FAILED", None: "unknown"}


def run(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="Workspaces. [default: all workspaces]")
    ] = None,
    channels: Annotated[
        bool, typer.Option("--channels", help="Also check the channel of each schedule, 50 a minute.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="JSON Lines, one workspace a line.")] = False,
) -> None:
    """Ask Slack whether each token works, and which scopes are missing. Nothing is posted.

    Exit code 1 if a workspace or a channel does not accept posts.

    Example:  schedbot workspace check
    """
    has_failed = False
    with open_session() as session:
        for workspace in lookup.find_all(session.db, names or []):
            result = check.check(session, workspace, channels)
            has_failed = has_failed or not result.ok
            if json:
                output.json_lines([to_json(result)])
            else:
                print_result(result, workspace.paused_reason)
    if has_failed:
        raise typer.Exit(FAILED)


def print_result(result: WorkspaceCheck, paused_reason: str | None) -> None:
    """Print the result of one workspace in a few lines."""
    output.print_line(f"{result.workspace}: {LEVELS[result.ok]}", style="green" if result.ok else "red")
    for line in result_lines(result):
        output.print_line(f"  {line}")
    if paused_reason:
        resume = f"schedbot workspace resume {shlex.quote(result.workspace)}"
        output.print_line(f"  It is paused: {describe_reason(paused_reason)}. Resume it with '{resume}'.")


def result_lines(result: WorkspaceCheck) -> Iterator[str]:
    if result.team:
        yield f"{result.team}, {result.url}, posts as {result.bot}"
    if result.problem:
        yield result.problem
        yield result.remedy
    for scope in result.missing:
        yield f"Missing scope {scope.name}, needed to {scope.purpose}. {describe_use(scope)}"
    if result.missing:
        yield "Add the scopes on the app's page under OAuth & Permissions, then reinstall the app."
    for channel in result.channels:
        yield channel_line(channel)


def describe_use(scope: MissingScope) -> str:
    """Return the schedules that need a scope: `2 schedules need it: acme-daily, acme-weekly.`"""
    if not scope.schedules:
        is_for_files = scope.name.startswith("files:")  # a report's files are known when it is rendered
        return "Reports with pictures or files need it." if is_for_files else "No schedule needs it now."
    names = ", ".join(scope.examples) + (", ..." if scope.schedules > len(scope.examples) else ".")
    return f"{output.count(scope.schedules, 'schedule needs it', 'schedules need it')}: {names}"


def channel_line(channel: ChannelCheck) -> str:
    name = f"{channel.id} #{channel.name}" if channel.name else channel.id
    return f"{name}: {LEVELS[channel.ok]} {channel.problem} {channel.remedy}".rstrip()


def to_json(result: WorkspaceCheck) -> dict[str, Any]:
    return {
        "workspace": result.workspace,
        "ok": result.ok,
        "team": result.team,
        "url": result.url,
        "bot": result.bot,
        "missing": [
            {"scope": scope.name, "for": scope.purpose, "schedules": scope.schedules, "examples": scope.examples}
            for scope in result.missing
        ],
        "problem": result.problem or None,
        "remedy": result.remedy or None,
        "channels": [channel_to_json(channel) for channel in result.channels],
    }


def channel_to_json(channel: ChannelCheck) -> dict[str, Any]:
    return {
        "channel": channel.id,
        "name": channel.name,
        "schedules": channel.schedules,
        "ok": channel.ok,
        "problem": channel.problem or None,
        "remedy": channel.remedy or None,
    }
