"""`schedbot workspace check`: does each token work, and what does it lack?"""

import shlex
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from schedbot.admin.workspaces import check, lookup
from schedbot.admin.workspaces.check import ChannelCheck, WorkspaceCheck
from schedbot.errors import FAILED
from schedbot.presentation import terminal
from schedbot.session import open_session


def run(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Workspaces; all by default.")] = None,
    channels: Annotated[
        bool, typer.Option("--channels", help="Ask for each channel of its schedules too, 50 a minute.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="JSON Lines, one workspace a line.")] = False,
) -> None:
    """Ask Slack whether each token works, and which scopes it lacks.

    Nothing is posted. Exit code 1 if a workspace, or a channel, cannot be posted to.

    Example:  schedbot workspace check
    """
    failed = False
    with open_session() as session:
        for workspace in lookup.find_all(session.db, names or []):
            checked = check.check(session, workspace, channels)
            failed = failed or not checked.ok
            if json:
                terminal.json_lines([as_json(checked)])
            else:
                tell(checked, paused=workspace.paused_reason)
    if failed:
        raise typer.Exit(FAILED)


def tell(checked: WorkspaceCheck, paused: str | None) -> None:
    """A few lines about one workspace."""
    verdict = "ok" if checked.ok else "FAILED"
    terminal.say(f"{checked.workspace}: {verdict}", style="green" if checked.ok else "red")
    for line in lines(checked):
        terminal.say(f"  {line}")
    if paused:
        terminal.say(
            f"  It is paused: {paused}. Go on with 'schedbot workspace resume {shlex.quote(checked.workspace)}'."
        )


def lines(checked: WorkspaceCheck) -> Iterator[str]:
    if checked.team:
        yield f"{checked.team}, {checked.url}, posts as {checked.bot}"
    if checked.problem:
        yield checked.problem
        yield checked.remedy
    for scope, purpose in checked.missing:
        yield f"Scope {scope} is missing: it is needed to {purpose}."
    if checked.missing:
        yield "Add them on the app's page under OAuth & Permissions, then reinstall the app."
    for channel in checked.channels:
        yield channel_line(channel)


def channel_line(channel: ChannelCheck) -> str:
    verdict = {True: "ok", False: "FAILED", None: "unknown"}[channel.ok]
    named = f"{channel.id} #{channel.name}" if channel.name else channel.id
    return f"{named}: {verdict} {channel.problem} {channel.remedy}".rstrip()


def as_json(checked: WorkspaceCheck) -> dict[str, Any]:
    """A check as one object."""
    return {
        "workspace": checked.workspace,
        "ok": checked.ok,
        "team": checked.team,
        "url": checked.url,
        "bot": checked.bot,
        "missing": [{"scope": scope, "for": purpose} for scope, purpose in checked.missing],
        "problem": checked.problem or None,
        "remedy": checked.remedy or None,
        "channels": [
            {
                "channel": one.id,
                "name": one.name,
                "schedules": one.schedules,
                "ok": one.ok,
                "problem": one.problem or None,
                "remedy": one.remedy or None,
            }
            for one in checked.channels
        ],
    }
