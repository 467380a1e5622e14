"""`schedbot sync`: make the schedules of a source equal to a list."""

import gc
from typing import Annotated

import typer

from schedbot.admin.sync import named_source, plan_objects
from schedbot.admin.sync.apply import apply_sync
from schedbot.admin.sync.plan import SyncPlan, plan_sync
from schedbot.commands import list_file, questions
from schedbot.presentation import output, sync_plans
from schedbot.session import open_session


def run(
    source: Annotated[
        str, typer.Argument(metavar="SOURCE", help="Name of a table [sync.NAME], or a file; '-' reads stdin.")
    ],
    origin: Annotated[
        str,
        typer.Option("--source", metavar="NAME", help="Source's name. [default: the table's or the file's]"),
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the plan; change nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask; for scripts.")] = False,
    yes_remove: Annotated[
        bool, typer.Option("--yes-remove", help="Remove more than 20 % of the source's schedules, if the list says so.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="The plan, one JSON object for each schedule.")] = False,
) -> None:
    """Make the schedules of a source equal to a list: add, change and remove, all or nothing.

    The list is CSV, JSON Lines, or a query or a Python function of schedbot.toml. Its columns are those of 'import'. A
    column that is not there has its default; without a column 'paused', a schedule stays paused or active. Only
    schedules that a sync of the same source added are changed and removed.

    Example:  schedbot sync schedules.csv --source product --dry-run
    """
    gc.disable()  # collecting garbage among the rows of a long list costs a third of the time
    with open_session() as session:
        named = named_source.find(session, source, origin, list_file.read)
        with output.progress(f"Reading {named.records.title}", total=0) as bar:
            plan = plan_sync(session, named.records, named.name, list_file.progress_callback(bar))
        show_plan(plan, json)
        if plan.is_empty:
            return
        if dry_run:
            if plan.removes_many:
                output.note("Note: more than 20 % would be removed, so --yes-remove is needed.")
            return
        if not yes_remove:
            plan.refuse_removals()
        number = len(plan.added) + len(plan.changed) + len(plan.removed)
        if questions.confirm("Change", output.count(number, "schedule"), count=number, yes=yes, is_named=False):
            apply_sync(session, plan, yes_remove)
            if not json:
                output.print_line(sync_plans.done_line(plan))


def show_plan(plan: SyncPlan, json: bool) -> None:
    """Print the plan; without changes, one sentence."""
    if json:
        output.json_lines(plan_objects.to_json_each(plan))
    elif plan.is_empty:
        output.print_line(f"Nothing to change: {output.count(len(plan.unchanged), 'schedule')} of '{plan.source}'.")
    else:
        sync_plans.print_plan(plan)
