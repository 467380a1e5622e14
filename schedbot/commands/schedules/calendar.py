"""`schedbot calendar`: when may be posted, for all schedules of an account or of a workspace."""

from typing import Annotated, Any

import typer

from schedbot.admin.schedules import shared_calendars
from schedbot.admin.schedules.shared_calendars import CalendarChange
from schedbot.commands import options
from schedbot.errors import BadInput
from schedbot.model import SendHours
from schedbot.presentation import terminal
from schedbot.session import open_session
from schedbot.store.schedules import shared_calendars as stored
from schedbot.store.schedules.shared_calendars import Whose

Account = Annotated[str | None, options.option("--account", "ID", "All schedules of this account.")]
Workspace = Annotated[str | None, options.option("--workspace", "NAME", "All schedules that post to this workspace.")]
COLUMNS = ("account", "workspace", "window", "outside", "blackout", "schedules")
SHOWN = ("account", "workspace", "schedules", "outside", "window", "blackout")

app = typer.Typer(rich_markup_mode=None, add_completion=False, no_args_is_help=True)


@app.callback()
def about() -> None:
    """When may be posted, for all schedules of an account or of a workspace: windows and blackouts.

    A post goes when the windows of its schedule, its account and its workspace are all open and no blackout holds, by
    the clock of the schedule's zone. What 'run-now' and 'test-send' post goes at once.

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
    """Say when may be posted. What is not said stays; 'none' takes a window or the blackouts away.

    What waits already is put off, brought back or left out with it. What is left out stays so.

    Example:  schedbot calendar set --account 42 --window 'mon-fri 08:00-18:00' --outside skip
    """
    said = {"window": window, "outside": outside, "blackout": blackout}
    if all(word is None for word in said.values()):
        raise BadInput("It is not said what to set.", "Say --window, --outside or --blackout.")
    with open_session() as session:
        turned = shared_calendars.set_calendar(session, account, workspace, said)
    tell(turned)


@app.command("list")
def list_(
    json: Annotated[bool, typer.Option("--json", help="JSON Lines.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="CSV with a header.")] = False,
) -> None:
    """List what is said, and for how many schedules it holds.

    Example:  schedbot calendar list
    """
    with open_session() as session:
        rows = [row(*one) for one in stored.every(session.db)]
    if json:
        terminal.json_lines(rows)
    elif csv:
        terminal.csv_rows(COLUMNS, rows)
    else:
        cells = [["" if one[name] is None else str(one[name]) for name in SHOWN] for one in rows]
        terminal.table([name.upper() for name in SHOWN], cells, "Nothing is said for an account or a workspace.")


@app.command()
def clear(account: Account = None, workspace: Workspace = None) -> None:
    """Take back what is said for an account or a workspace. What it put off goes at its own time, or now.

    Example:  schedbot calendar clear --account 42
    """
    with open_session() as session:
        turned = shared_calendars.clear_calendar(session, account, workspace)
    tell(turned)


def row(whose: Whose, hours: SendHours, schedules: int) -> dict[str, Any]:
    """What is said for one of them, as one object."""
    told = {"account": whose.account, "workspace": None if whose.workspace_id is None else whose.name}
    return {**told, "window": hours.window, "outside": hours.outside.value, "blackout": hours.blackout} | {
        "schedules": schedules
    }


def tell(turned: CalendarChange) -> None:
    """What is said now, and what became of the jobs that waited."""
    if turned.before == turned.after:
        terminal.say(f"Nothing is changed for the {turned.owner.words}.")
        return
    terminal.say(f"The {turned.owner.words}: {in_words(turned.after)}.")
    jobs = turned.jobs
    if jobs.moved or jobs.skipped:
        terminal.say(f"Of the jobs that wait, {jobs.moved} now go at another time, {jobs.skipped} are left out.")


def in_words(hours: SendHours | None) -> str:
    """`window mon-fri 08:00-18:00; what is due outside waits`."""
    if hours is None:
        return "nothing is said any more"
    said = [("window", hours.window), ("blackout", hours.blackout)]
    way = "what is due outside is left out" if hours.outside == "skip" else "what is due outside waits"
    return "; ".join([*(f"{name} {text}" for name, text in said if text), way])
