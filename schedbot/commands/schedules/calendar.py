"""`schedbot calendar`: send windows and blackout dates of an account or a workspace."""

from typing import Annotated, Any

import typer

from schedbot.admin.schedules import shared_calendars
from schedbot.admin.schedules.shared_calendars import CalendarChange
from schedbot.commands import schedule_options as options
from schedbot.commands.command_class import GroupApp
from schedbot.errors import BadInput
from schedbot.model import OutsidePolicy, SendHours
from schedbot.presentation import output
from schedbot.session import open_session
from schedbot.store.schedules import shared_calendars as stored
from schedbot.store.schedules.shared_calendars import CalendarOwner

Account = Annotated[str | None, options.option("--account", "ID", "All schedules of this account.")]
Workspace = Annotated[str | None, options.option("--workspace", "NAME", "All schedules of this workspace.")]
COLUMNS = ("account", "workspace", "window", "outside", "blackout", "schedules")
TABLE_COLUMNS = ("account", "workspace", "schedules", "outside", "window", "blackout")

app = GroupApp()


@app.callback()
def calendar() -> None:
    """Set send windows and blackout dates for an account or a workspace.

    A job is posted when the windows of its schedule, its account and its workspace are all open, and no blackout date
    applies, in the schedule's time zone. 'run-now' and 'test-send' post at any time.

    Example:  schedbot calendar set --workspace default --blackout 2026-12-24/2026-12-27
    """


@app.command("set")
def set_(
    account: Account = None,
    workspace: Workspace = None,
    window: options.Window = None,
    outside: options.OutsidePolicy = None,
    blackout: options.Blackout = None,
) -> None:
    """Set window and blackout dates. Omitted options keep their value; 'none' removes a window or the blackout dates.

    Queued jobs are deferred, moved back or skipped to match. A skipped job stays skipped.

    Example:  schedbot calendar set --account 42 --window 'mon-fri 08:00-18:00' --outside skip
    """
    fields = {"window": window, "outside": outside, "blackout": blackout}
    if all(value is None for value in fields.values()):
        raise BadInput("Nothing to set.", "Use --window, --outside or --blackout.")
    with open_session() as session:
        change = shared_calendars.set_calendar(session, account, workspace, fields)
    print_change(change)


@app.command("list")
def list_(
    json: Annotated[bool, typer.Option("--json", help="JSON Lines.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="CSV with a header.")] = False,
) -> None:
    """List calendars with the number of schedules.

    Example:  schedbot calendar list
    """
    with open_session() as session:
        rows = [to_json(calendar.owner, calendar.hours, calendar.schedules) for calendar in stored.list_all(session.db)]
    if json:
        output.json_lines(rows)
    elif csv:
        output.csv_rows(COLUMNS, rows)
    else:
        cells = [["" if row[name] is None else str(row[name]) for name in TABLE_COLUMNS] for row in rows]
        output.table([name.upper() for name in TABLE_COLUMNS], cells, "No account or workspace has a calendar.")


@app.command()
def clear(account: Account = None, workspace: Workspace = None) -> None:
    """Remove the calendar of an account or a workspace. Jobs that it deferred are posted at their own time, or now.

    Example:  schedbot calendar clear --account 42
    """
    with open_session() as session:
        change = shared_calendars.clear_calendar(session, account, workspace)
    print_change(change)


def to_json(owner: CalendarOwner, hours: SendHours, schedules: int) -> dict[str, Any]:
    return {
        "account": owner.account,
        "workspace": None if owner.workspace_id is None else owner.name,
        "window": hours.window,
        "outside": hours.outside.value,
        "blackout": hours.blackout,
        "schedules": schedules,
    }


def print_change(change: CalendarChange) -> None:
    """Print the new calendar, and the number of queued jobs that it affects."""
    owner = change.owner.label
    if change.before == change.after:
        output.print_line(f"No changes for {owner}.")
        return
    output.print_line(f"Calendar of {owner}: {describe_hours(change.after)}.")
    jobs = change.jobs
    if jobs.moved or jobs.skipped:
        output.print_line(f"Queued jobs: {jobs.moved} moved to another time, {jobs.skipped} skipped.")


def describe_hours(hours: SendHours | None) -> str:
    """Return `window mon-fri 08:00-18:00; outside: deferred`."""
    if hours is None:
        return "none"
    values = [("window", hours.window), ("blackout", hours.blackout)]
    outside = "skipped" if hours.outside == OutsidePolicy.SKIP else "deferred"
    return "; ".join([*(f"{name} {value}" for name, value in values if value), f"jobs outside are {outside}"])
