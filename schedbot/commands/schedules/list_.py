"""`schedbot list`: list schedules, one a line."""

from collections.abc import Iterable
from difflib import get_close_matches
from functools import partial
from itertools import islice
from typing import Annotated

import typer

from schedbot import times
from schedbot.admin.jobs import filters as job_filters
from schedbot.admin.jobs import known_values
from schedbot.admin.schedules import schedule_order, selection
from schedbot.admin.workspaces import lookup as workspace_lookup
from schedbot.errors import BadInput
from schedbot.model import Schedule, ScheduleState
from schedbot.presentation import output, schedule_table
from schedbot.presentation import schedules as presentation
from schedbot.session import Session, open_session
from schedbot.store.history import last_results
from schedbot.store.history.last_results import LastResult
from schedbot.store.jobs import pending
from schedbot.store.schedules import schedules
from schedbot.store.schedules.schedules import ScheduleFilter

LISTED_STATES = [state for state in ScheduleState if state is not ScheduleState.REMOVED]


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
    states = [parse_state(text) for text in job_filters.split(state or ())]
    if json and csv:
        raise BadInput("--json and --csv cannot be combined.", "Use one of them.")
    with open_session() as session:
        globs = to_globs(session, names or [])
        if workspace:
            workspace_lookup.find(session.db, workspace)
        if account:
            known_values.require_accounts(session.db, [account])
        channels = job_filters.channel_ids(job_filters.split(channel or ()))
        known_values.require_channels(session.db, channels)
        zone = times.zone(tz).key if tz else None
        filters = ScheduleFilter(globs, states, account, workspace, channels, zone)
        selected = in_order(session, schedules.list_matching(session.db, filters), sort)
        if json:
            output.json_lines(presentation.to_json_each(session, selected))
        elif csv:
            output.csv_rows(presentation.CSV_COLUMNS, presentation.to_json_each(session, selected))
        else:
            print_page(session, list(islice(selected, limit)))
            more = schedules.count_matching(session.db, filters) - limit
            if more > 0:
                output.note(f"... and {more:,} more. Show them with --limit {limit + more}.")
            presentation.note_pause_of_all(session)
            presentation.note_paused_workspaces(session, workspace)


def in_order(session: Session, selected: Iterable[Schedule], order: str) -> Iterable[Schedule]:
    """Return the schedules in the order of --sort. They come in the order of their names. Raises BadInput."""
    if schedule_order.parse_order(order) == ("name", False):
        return selected
    now = session.now()
    dropped = pending.list_skipped(session.db, now)
    return schedule_order.sort(selected, order, now, dropped, partial(results_of, session))


def results_of(session: Session, selected: Iterable[Schedule]) -> dict[str, LastResult]:
    """Return the last results by schedule id."""
    return last_results.by_schedule(session.db, (schedule.id for schedule in selected), session.now())


def print_page(session: Session, selected: list[Schedule]) -> None:
    """Print the table of some schedules."""
    now = session.now()
    dropped = pending.list_skipped(session.db, now)
    schedule_table.print_table(selected, results_of(session, selected), now, dropped)


def parse_state(text: str) -> ScheduleState:
    """Return the state with this name. Raises BadInput, with the nearest name."""
    state = text.lower()
    if state == ScheduleState.REMOVED:
        raise BadInput("Removed schedules are not listed.", "'schedbot audit --schedule NAME' shows their jobs.")
    if state in LISTED_STATES:
        return ScheduleState(state)
    near = get_close_matches(state, LISTED_STATES, n=1)
    hint = f"Did you mean '{near[0]}'?" if near else f"The schedule states are {', '.join(LISTED_STATES)}."
    raise BadInput(f"--state: unknown schedule state {times.quote(text)}.", hint)


def to_globs(session: Session, names: list[str]) -> list[str]:
    """Return the names as globs. Raises NotFound for an unknown name that is no glob."""
    for name in names:
        if not selection.is_glob(name):
            selection.find(session.db, name)
    return [selection.to_sqlite_glob(name) for name in names]
