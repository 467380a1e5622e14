"""`schedbot remove`: remove schedules."""

from typing import Annotated

import typer

from schedbot.admin.schedules import remove, selection
from schedbot.commands import questions
from schedbot.presentation import output, schedules
from schedbot.session import open_session


def run(
    names: Annotated[list[str], typer.Argument(metavar="NAME", help="Names or globs: 'acme-*'.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before a glob or more than ten are removed.")] = False,
) -> None:
    """Remove schedules. Their queued jobs are cancelled, their jobs stay in the audit, their names become free.

    Example:  schedbot remove acme-weekly
    """
    with open_session() as session:
        selected = selection.find_all(session.db, names)
        schedules.note_unmatched(selected.empty)
        if not questions.confirm_schedules("Remove", session, names, yes):
            return
        for removed in remove.remove(session, selected.schedules):
            cancelled = f" Cancelled {output.count(removed.cancelled, 'queued job')}." if removed.cancelled else ""
            output.print_line(f"Removed '{removed.schedule.name}'.{cancelled}")
