"""`schedbot workspace`: add, change, list, pause and resume Slack workspaces."""

import shlex
from typing import Annotated, Any

import typer

from schedbot import times
from schedbot.admin.workspaces import lookup, manage, token_sources
from schedbot.commands.command_class import GroupApp
from schedbot.commands.setup import workspace_check
from schedbot.presentation import output
from schedbot.session import Session, open_session
from schedbot.slack.remedies import describe_reason
from schedbot.store.schedules import workspace_usage
from schedbot.store.schedules.workspaces import Workspace

Name = Annotated[str, typer.Argument(metavar="NAME", help="Workspace name.")]
TokenEnv = Annotated[
    str | None, typer.Option("--token-env", metavar="VAR", help="Environment variable that holds the token.")
]
TokenFile = Annotated[
    str | None, typer.Option("--token-file", metavar="FILE", help="File that holds the token; mode 0600.")
]
TokenCommand = Annotated[
    str | None,
    typer.Option("--token-command", metavar="COMMAND", help="Command that prints the token; run without a shell."),
]
# Minimum width of a reason; a long reason wraps.
MIN_REASON = 32
COLUMNS = ("name", "token", "state", "schedules", "waiting", "reason", "paused_at", "paused_by")
TABLE_COLUMNS = COLUMNS[:6]

app = GroupApp()


@app.callback()
def workspace() -> None:
    """Manage Slack workspaces and their token sources. Tokens themselves are never stored.

    Example:  schedbot workspace list
    """


@app.command()
def add(
    name: Name, token_env: TokenEnv = None, token_file: TokenFile = None, token_command: TokenCommand = None
) -> None:
    """Add a workspace with its token source.

    Example:  schedbot workspace add acme --token-env SLACK_TOKEN_ACME
    """
    token = token_sources.parse_token_source(token_env, token_file, token_command)
    with open_session() as session:
        warning = manage.add(session, name, token)
    output.print_line(f"Added workspace '{name}' (token: {token_sources.describe(token)}).")
    note_next_step(name, warning)


@app.command()
def edit(
    name: Name, token_env: TokenEnv = None, token_file: TokenFile = None, token_command: TokenCommand = None
) -> None:
    """Change a workspace's token source.

    Example:  schedbot workspace edit default --token-env SLACK_TOKEN_ACME
    """
    token = token_sources.parse_token_source(token_env, token_file, token_command)
    with open_session() as session:
        warning = manage.edit(session, name, token)
    output.print_line(f"Changed workspace '{name}' (token: {token_sources.describe(token)}).")
    note_next_step(name, warning)


def note_next_step(name: str, warning: str) -> None:
    output.note(f"Note: {warning}" if warning else f"Next:  schedbot workspace check {shlex.quote(name)}")


@app.command("list")
def list_(
    json: Annotated[bool, typer.Option("--json", help="JSON Lines.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="CSV with a header.")] = False,
) -> None:
    """List the workspaces with their schedules and waiting jobs.

    Example:  schedbot workspace list
    """
    with open_session() as session:
        workspaces = lookup.find_all(session.db, [])
        rows = [to_json(session, workspace) for workspace in workspaces]
        reasons = [describe_pause(session, workspace) for workspace in workspaces]
    if json:
        output.json_lines(rows)
    elif csv:
        output.csv_rows(COLUMNS, rows)
    else:
        cells = [
            [*(str(row[name]) for name in TABLE_COLUMNS[:-1]), reason]
            for row, reason in zip(rows, reasons, strict=True)
        ]
        heads = [name.upper() for name in TABLE_COLUMNS]
        output.table(heads, cells, "No workspaces.", {"paused": "yellow"}, wraps_from=MIN_REASON if any(reasons) else 0)


def to_json(session: Session, workspace: Workspace) -> dict[str, Any]:
    return {
        "name": workspace.name,
        "token": token_sources.describe(workspace.token),
        "state": "active" if workspace.paused_at is None else "paused",
        "schedules": workspace_usage.count_schedules(session.db, workspace.id),
        "waiting": workspace_usage.count_queued_jobs(session.db, workspace.id),
        "reason": workspace.paused_reason,
        "paused_at": None if workspace.paused_at is None else times.to_rfc3339(workspace.paused_at),
        "paused_by": workspace.paused_by,
    }


def describe_pause(session: Session, workspace: Workspace) -> str:
    """Return reason, person and start of a pause: `moving (ann, since Wed 25 Nov 12:49 UTC)`; else empty."""
    if workspace.paused_at is None:
        return ""
    since = f"since {times.format_instant(workspace.paused_at, session.local_zone, session.now())}"
    person = ", ".join(filter(None, (workspace.paused_by, since)))
    return f"{describe_reason(workspace.paused_reason)} ({person})"


app.command("check")(workspace_check.run)


@app.command()
def pause(
    name: Name, reason: Annotated[str, typer.Option(metavar="REASON", help="Reason, shown to others.")] = ""
) -> None:
    """Pause all posts to a workspace. Requests that were sent may still arrive; other jobs wait without an attempt.

    Example:  schedbot workspace pause default --reason "moving to the new app"
    """
    with open_session() as session:
        result = manage.pause(session, name, reason)
        pause_text = describe_pause(session, lookup.find(session.db, name))
    if result.is_changed:
        output.print_line(f"Paused workspace '{name}': {waiting_jobs(result.waiting)}.")
    else:
        output.print_line(f"Workspace '{name}' is already paused: {pause_text}; {waiting_jobs(result.waiting)}.")


@app.command()
def resume(name: Name) -> None:
    """Resume a paused workspace and post its waiting jobs.

    Example:  schedbot workspace resume default
    """
    with open_session() as session:
        result = manage.resume(session, name)
    if result.is_changed:
        output.print_line(f"Resumed workspace '{name}': {waiting_jobs(result.waiting)}.")
    else:
        output.print_line(f"Workspace '{name}' is not paused.")


def waiting_jobs(count: int) -> str:
    return output.count(count, "job waits", "jobs wait")


@app.command()
def remove(name: Name) -> None:
    """Remove a workspace that no schedule uses. Its jobs stay in the audit.

    Example:  schedbot workspace remove acme
    """
    with open_session() as session:
        manage.remove(session, name)
    output.print_line(f"Removed workspace '{name}'.")
