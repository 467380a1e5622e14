"""`schedbot workspace`: the Slack workspaces, where their tokens are found, and whether they are paused."""

import shlex
from typing import Annotated, Any

import typer

from schedbot import times
from schedbot.admin.workspaces import lookup, manage, token_sources
from schedbot.commands.setup import workspace_check
from schedbot.presentation import terminal
from schedbot.session import Session, open_session
from schedbot.store.schedules import workspace_usage
from schedbot.store.schedules.workspaces import Workspace

Name = Annotated[str, typer.Argument(metavar="NAME", help="The workspace's name.")]
Env = Annotated[str | None, typer.Option("--token-env", metavar="VAR", help="The variable that holds the token.")]
File = Annotated[
    str | None, typer.Option("--token-file", metavar="FILE", help="The file that holds it, readable by you alone.")
]
Command = Annotated[
    str | None, typer.Option("--token-command", metavar="COMMAND", help="The command that prints it, without a shell.")
]
# The cells that a reason has at least; a long one goes on below.
REASON = 32
COLUMNS = ("name", "token", "state", "schedules", "waiting", "reason", "paused_at", "paused_by")

app = typer.Typer(rich_markup_mode=None, add_completion=False, no_args_is_help=True)


@app.callback()
def about() -> None:
    """The Slack workspaces, and where their tokens are found. A token itself is never stored.

    Example:  schedbot workspace list
    """


@app.command()
def add(name: Name, token_env: Env = None, token_file: File = None, token_command: Command = None) -> None:
    """Add a workspace, and say where its token is found.

    Example:  schedbot workspace add acme --token-env SLACK_TOKEN_ACME
    """
    token = token_sources.parse_token_source(token_env, token_file, token_command)
    with open_session() as session:
        missing = manage.add(session, name, token)
    terminal.say(f"Added the workspace '{name}' (token: {token_sources.describe(token)}).")
    next_step(name, missing)


@app.command()
def edit(name: Name, token_env: Env = None, token_file: File = None, token_command: Command = None) -> None:
    """Say where else a workspace's token is found.

    Example:  schedbot workspace edit default --token-env SLACK_TOKEN_ACME
    """
    token = token_sources.parse_token_source(token_env, token_file, token_command)
    with open_session() as session:
        missing = manage.edit(session, name, token)
    terminal.say(f"Changed the workspace '{name}' (token: {token_sources.describe(token)}).")
    next_step(name, missing)


def next_step(name: str, missing: str) -> None:
    terminal.note(f"Note: {missing}" if missing else f"Next:  schedbot workspace check {shlex.quote(name)}")


@app.command("list")
def list_(
    json: Annotated[bool, typer.Option("--json", help="JSON Lines.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="CSV with a header.")] = False,
) -> None:
    """List the workspaces, each with what it has and what waits.

    Example:  schedbot workspace list
    """
    with open_session() as session:
        every = lookup.find_all(session.db, [])
        rows, why = [row(session, one) for one in every], [stopped(session, one) for one in every]
    if json:
        terminal.json_lines(rows)
    elif csv:
        terminal.csv_rows(COLUMNS, rows)
    else:
        shown = COLUMNS[:6]
        cells = [[*(str(one[name]) for name in shown[:-1]), told] for one, told in zip(rows, why, strict=True)]
        head = [name.upper() for name in shown]
        terminal.table(
            head, cells, "There is no workspace.", {"paused": "yellow"}, wraps_from=REASON if any(why) else 0
        )


def row(session: Session, one: Workspace) -> dict[str, Any]:
    """A workspace as one object."""
    return {
        "name": one.name,
        "token": token_sources.describe(one.token),
        "state": "active" if one.paused_at is None else "paused",
        "schedules": workspace_usage.schedules(session.db, one.id),
        "waiting": workspace_usage.waiting(session.db, one.id),
        "reason": one.paused_reason,
        "paused_at": None if one.paused_at is None else times.to_rfc3339(one.paused_at),
        "paused_by": one.paused_by,
    }


def stopped(session: Session, one: Workspace) -> str:
    """Why it is paused, by whom and since when: `moving (ann, since Wed 25 Nov 12:49 UTC)`; empty if it is not."""
    if one.paused_at is None:
        return ""
    since = f"since {times.format_instant(one.paused_at, session.local_zone, session.now())}"
    return f"{one.paused_reason} ({', '.join(filter(None, (one.paused_by, since)))})"


app.command("check")(workspace_check.run)


@app.command()
def pause(
    name: Name, reason: Annotated[str, typer.Option(metavar="REASON", help="Why, for the others to read.")] = ""
) -> None:
    """Stop all posts to a workspace. What has left already arrives; the rest waits, and uses up no attempt.

    Example:  schedbot workspace pause default --reason "moving to the new app"
    """
    with open_session() as session:
        turned = manage.pause(session, name, reason)
        why = stopped(session, lookup.find(session.db, name))
    if turned.changed:
        terminal.say(f"Paused the workspace '{name}': {jobs(turned.waiting)}.")
    else:
        terminal.say(f"The workspace '{name}' is paused already: {why}. {jobs(turned.waiting).capitalize()}.")


@app.command()
def resume(name: Name) -> None:
    """Go on with a paused workspace, and send what waits.

    Example:  schedbot workspace resume default
    """
    with open_session() as session:
        turned = manage.resume(session, name)
    if turned.changed:
        terminal.say(f"Resumed the workspace '{name}': {jobs(turned.waiting)}.")
    else:
        terminal.say(f"The workspace '{name}' was not paused.")


def jobs(waiting: int) -> str:
    return "1 job waits" if waiting == 1 else f"{waiting} jobs wait"


@app.command()
def remove(name: Name) -> None:
    """Remove a workspace that no schedule uses. Its jobs stay in the audit.

    Example:  schedbot workspace remove acme
    """
    with open_session() as session:
        manage.remove(session, name)
    terminal.say(f"Removed the workspace '{name}'.")
