"""`schedbot workspace`: add, change, list, pause and resume Slack workspaces."""

import shlex
from collections.abc import Callable
from typing import Annotated, Any

import typer

from schedbot import times
from schedbot.admin.workspaces import lookup, manage, token_sources
from schedbot.admin.workspaces.token_store_options import StoreOptions
from schedbot.commands.command_class import GroupApp
from schedbot.commands.setup import workspace_check
from schedbot.model import TokenSource
from schedbot.presentation import called_off, output
from schedbot.session import Session, open_session
from schedbot.slack.remedies import describe_reason
from schedbot.store.schedules import workspace_usage
from schedbot.store.schedules.parked_jobs import ResumedJobs
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
TokenStore = Annotated[
    str | None,
    typer.Option(
        "--token-store",
        metavar="STORE",
        help="Installation store of slack_sdk: an SQLite file, a folder, a URL, or env:VAR with one of these.",
    ),
]
Team = Annotated[str | None, typer.Option(metavar="ID", help="Team in the token store: T0123ABCD.")]
Enterprise = Annotated[str | None, typer.Option(metavar="ID", help="Its Enterprise organization, if it has one.")]
ClientId = Annotated[str | None, typer.Option(metavar="ID", help="Client id of the app that owns the token store.")]
ClientSecretEnv = Annotated[
    str | None,
    typer.Option(metavar="VAR", help="Variable with the app's client secret: schedbot rotates the tokens."),
]
# Minimum width of a reason; a long reason wraps.
MIN_REASON = 32
COLUMNS = ("name", "token", "state", "schedules", "waiting", "oldest_due_at", "reason", "paused_at", "paused_by")
HEADS = ("NAME", "TOKEN", "STATE", "SCHEDULES", "WAITING", "OLDEST", "REASON")

app = GroupApp()


@app.callback()
def workspace() -> None:
    """Manage Slack workspaces and their token sources. Tokens themselves are never stored.

    Example:  schedbot workspace list
    """


@app.command()
def add(
    name: Name,
    token_env: TokenEnv = None,
    token_file: TokenFile = None,
    token_command: TokenCommand = None,
    token_store: TokenStore = None,
    team: Team = None,
    enterprise: Enterprise = None,
    client_id: ClientId = None,
    client_secret_env: ClientSecretEnv = None,
) -> None:
    """Add a workspace with its token source.

    Example:  schedbot workspace add acme --token-env SLACK_TOKEN_ACME
    """
    store = StoreOptions(token_store, team, enterprise, client_id, client_secret_env)
    token = token_sources.parse_token_source(token_env, token_file, token_command, store)
    set_token("Added", manage.add, name, token)


@app.command()
def edit(
    name: Name,
    token_env: TokenEnv = None,
    token_file: TokenFile = None,
    token_command: TokenCommand = None,
    token_store: TokenStore = None,
    team: Team = None,
    enterprise: Enterprise = None,
    client_id: ClientId = None,
    client_secret_env: ClientSecretEnv = None,
) -> None:
    """Change a workspace's token source.

    Example:  schedbot workspace edit default --token-env SLACK_TOKEN_ACME
    """
    store = StoreOptions(token_store, team, enterprise, client_id, client_secret_env)
    token = token_sources.parse_token_source(token_env, token_file, token_command, store)
    set_token("Changed", manage.edit, name, token)


def set_token(verb: str, operation: Callable[[Session, str, TokenSource], str], name: str, token: TokenSource) -> None:
    """Add or change a workspace, and print what was done and what to do next."""
    with open_session() as session:
        warning = operation(session, name, token)
    output.print_line(f"{verb} workspace '{name}' (token: {token_sources.describe(token)}).")
    output.note(f"Note: {warning}" if warning else f"Next:  schedbot workspace check {shlex.quote(name)}")


@app.command("list")
def list_(
    json: Annotated[bool, typer.Option("--json", help="JSON Lines.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="CSV with a header.")] = False,
) -> None:
    """List the workspaces with their schedules, and their waiting jobs with the due time of the oldest.

    Example:  schedbot workspace list
    """
    with open_session() as session:
        workspaces = lookup.find_all(session.db, [])
        rows = [to_json(session, workspace) for workspace in workspaces]
        reasons = [describe_pause(session, workspace) for workspace in workspaces]
        oldest = [describe_oldest(session, workspace) for workspace in workspaces]
    if json:
        output.json_lines(rows)
    elif csv:
        output.csv_rows(COLUMNS, rows)
    else:
        cells = [
            [*(str(row[name]) for name in COLUMNS[:5]), due, reason]
            for row, due, reason in zip(rows, oldest, reasons, strict=True)
        ]
        output.table(HEADS, cells, "No workspaces.", {"paused": "yellow"}, wraps_from=MIN_REASON if any(reasons) else 0)


def to_json(session: Session, workspace: Workspace) -> dict[str, Any]:
    oldest_due_at = workspace_usage.oldest_due_at(session.db, workspace.id)
    return {
        "name": workspace.name,
        "token": token_sources.describe(workspace.token),
        "state": "active" if workspace.paused_at is None else "paused",
        "schedules": workspace_usage.count_schedules(session.db, workspace.id),
        "waiting": workspace_usage.count_queued_jobs(session.db, workspace.id),
        "oldest_due_at": None if oldest_due_at is None else times.to_rfc3339(oldest_due_at),
        "reason": workspace.paused_reason,
        "paused_at": None if workspace.paused_at is None else times.to_rfc3339(workspace.paused_at),
        "paused_by": workspace.paused_by,
    }


def describe_oldest(session: Session, workspace: Workspace) -> str:
    """Return the due instant of the oldest waiting job: `Wed 25 Nov 12:49 UTC`; else empty."""
    due_at = workspace_usage.oldest_due_at(session.db, workspace.id)
    return "" if due_at is None else times.format_instant(due_at, session.local_zone, session.now())


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

    A job that waits longer than its --grace is not posted. (Only while a refused token pauses a workspace does the
    grace stand still.)

    Example:  schedbot workspace pause default --reason "moving to the new app"
    """
    with open_session() as session:
        result = manage.pause(session, name, reason)
        pause_text = describe_pause(session, lookup.find(session.db, name))
    if result.is_changed:
        grace = "A job that waits longer than its --grace is not posted."
        output.print_line(f"Paused workspace '{name}': {waiting_jobs(result.waiting)}. {grace}")
    else:
        output.print_line(f"Workspace '{name}' is already paused: {pause_text}; {waiting_jobs(result.waiting)}.")


@app.command()
def resume(name: Name) -> None:
    """Resume a paused workspace and post its waiting jobs, except those past their grace.

    After a pause by a refused token, --grace counts from the resume. Jobs whose grace ended during that pause follow
    --misfire: 'latest' posts the newest of a schedule, 'all' posts each, 'skip' none.

    Example:  schedbot workspace resume default
    """
    with open_session() as session:
        result = manage.resume(session, name)
    if result.is_changed:
        sent = output.count(result.jobs.sent, "job")
        rest = describe_expired(name, result.jobs) + called_off.describe(result.called_off, name)
        output.print_line(f"Resumed workspace '{name}': {sent} will be sent.{rest}")
    else:
        output.print_line(f"Workspace '{name}' is not paused.")


def describe_expired(name: str, jobs: ResumedJobs) -> str:
    """Return how many jobs are past their grace, with the command that sends them; else empty."""
    if not jobs.expired:
        return ""
    since, until = times.to_rfc3339(jobs.expired[0]), times.to_rfc3339(jobs.expired[-1])
    filters = f"--workspace {shlex.quote(name)} --state missed,failed --error deadline --since {since} --until {until}"
    past = output.count(len(jobs.expired), "job is", "jobs are")
    return f" {past} past the grace and not sent; 'schedbot retry {filters} --stale' sends them."


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
