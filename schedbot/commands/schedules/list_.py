"""`schedbot list`: the schedules, one line each."""

from collections.abc import Iterator
from difflib import get_close_matches
from itertools import islice
from typing import Annotated

import typer

from schedbot import times
from schedbot.admin.jobs import filters as job_filters
from schedbot.admin.schedules import lookup
from schedbot.admin.workspaces import lookup as workspace_lookup
from schedbot.errors import BadInput
from schedbot.model import Schedule, ScheduleState
from schedbot.presentation import schedules as schedule_views
from schedbot.presentation import telling_list, terminal
from schedbot.session import Session, open_session
from schedbot.store.jobs import pending
from schedbot.store.schedules import schedules
from schedbot.store.schedules.schedules import Filters

LISTED = [state for state in ScheduleState if state is not ScheduleState.REMOVED]


def run(
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME", help="Names or globs: 'acme-*'.")] = None,
    state: Annotated[
        list[str] | None, typer.Option(metavar="STATE", help="active, paused, suspended, finished: repeat it, or a,b.")
    ] = None,
    account: Annotated[str | None, typer.Option(metavar="ID", help="Of this customer.")] = None,
    workspace: Annotated[str | None, typer.Option(metavar="NAME", help="Of this Slack workspace.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="Rows of the table.")] = 50,
    json: Annotated[bool, typer.Option("--json", help="All of them, one JSON object a line.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="All of them as CSV.")] = False,
) -> None:
    """List schedules by name, with the next occurrence in each one's own zone; who paused it, why and until when.

    Example:  schedbot list --state paused,suspended
    """
    states = [listed(text) for text in job_filters.parts(state or ())]
    if json and csv:
        raise BadInput("--json and --csv are both said.", "Choose one.")
    with open_session() as session:
        globs = typed(session, names or [])
        if workspace:
            workspace_lookup.find(session.db, workspace)
        filters = Filters(globs=globs, states=states, account=account, workspace=workspace)
        found = schedules.named_like(session.db, filters)
        if json:
            terminal.json_lines(schedule_views.objects(session, found))
        elif csv:
            terminal.csv_rows(schedule_views.CSV_COLUMNS, schedule_views.objects(session, found))
        else:
            table(session, found, limit)
            more = schedules.count_like(session.db, filters) - limit
            if more > 0:
                terminal.note(f"... and {more:,} more (--limit {limit + more}).")
            schedule_views.note_paused_workspaces(session, workspace)


def listed(text: str) -> ScheduleState:
    """The state of that name. Raises BadInput, with the nearest of those that are listed."""
    word = text.lower()
    if word == ScheduleState.REMOVED:
        raise BadInput("Removed schedules are not listed.", "Their jobs are in 'schedbot audit --schedule NAME'.")
    if word in LISTED:
        return ScheduleState(word)
    near = get_close_matches(word, LISTED, n=1)
    hint = f"Did you mean '{near[0]}'?" if near else f"There are: {', '.join(LISTED)}."
    raise BadInput(f"No state of a schedule is called {times.quote(text)}.", hint)


def typed(session: Session, names: list[str]) -> list[str]:
    """The names as globs. Raises NotFound for one that is typed out and not there."""
    for name in names:
        if not lookup.is_glob(name):
            lookup.find(session.db, name)
    return [lookup.to_sqlite_glob(name) for name in names]


def table(session: Session, found: Iterator[Schedule], limit: int) -> None:
    now = session.now()
    dropped = pending.list_skipped(session.db, now)
    telling_list.table(list(islice(found, limit)), now, dropped)
