"""`schedbot list`: list schedules, one a line."""

from itertools import islice
from typing import Annotated

import typer

from schedbot.admin.fields.schedule_fields import COLUMNS
from schedbot.admin.listings import list_schedules
from schedbot.admin.listings.list_schedules import ListOptions
from schedbot.admin.schedules import schedule_order, serialize
from schedbot.errors import BadInput
from schedbot.model import Schedule
from schedbot.presentation import output, schedule_table
from schedbot.presentation import schedules as presentation
from schedbot.session import Session, open_session
from schedbot.store.jobs import pending
from schedbot.store.schedules import schedules


def run(
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME", help="Names or globs: 'acme-*'.")] = None,
    state: Annotated[
        list[str] | None,
        typer.Option(metavar="STATE", help="active, paused, suspended or finished. Repeatable, or a,b."),
    ] = None,
    account: Annotated[str | None, typer.Option(metavar="ID", help="Account.")] = None,
    workspace: Annotated[str | None, typer.Option(metavar="NAME", help="Slack workspace.")] = None,
    channel: Annotated[
        list[str] | None, typer.Option(metavar="CHANNEL", help="Channel id or link. Repeatable, or a,b.")
    ] = None,
    tz: Annotated[str | None, typer.Option(metavar="ZONE", help="Time zone.")] = None,
    sort: Annotated[
        str, typer.Option(metavar="COLUMN", help=f"{', '.join(schedule_order.COLUMNS)}; '-next' reverses.")
    ] = "name",
    limit: Annotated[int, typer.Option(metavar="N", min=1, max=1_000_000, help="Rows of the table.")] = 50,
    json: Annotated[bool, typer.Option("--json", help="All schedules, one JSON object a line.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="All schedules as CSV.")] = False,
) -> None:
    """List schedules with the last result and the next occurrence in each schedule's zone.

    A stopped schedule has instead why and until when it is stopped.

    Example:  schedbot list --state paused,suspended
    """
    if json and csv:
        raise BadInput("--json and --csv cannot be combined.", "Use one of them.")
    options = ListOptions(
        names=names or (), state=state or (), account=account, workspace=workspace, channel=channel or (), tz=tz
    )
    with open_session() as session:
        filters = list_schedules.parse(session, options)
        selected = list_schedules.select(session, filters, sort)
        if json:
            output.json_lines(serialize.to_json_each(session, selected))
        elif csv:
            output.csv_rows((*COLUMNS, *serialize.EXTRA_KEYS), serialize.to_json_each(session, selected))
        else:
            print_page(session, list(islice(selected, limit)))
            more = schedules.count_matching(session.db, filters) - limit
            if more > 0:
                output.note(f"... and {more:,} more. Show them with --limit {limit + more}.")
            presentation.note_pause_of_all(session)
            presentation.note_paused_workspaces(session, workspace)


def print_page(session: Session, selected: list[Schedule]) -> None:
    """Print the table of some schedules."""
    now = session.now()
    dropped = pending.list_skipped(session.db, now)
    schedule_table.print_table(selected, list_schedules.results_of(session, selected), now, dropped)
