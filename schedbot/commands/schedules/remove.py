"""`schedbot remove`: remove schedules."""

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from schedbot.admin.schedules import remove, selection
from schedbot.errors import DONE, USAGE_ERROR
from schedbot.model import Schedule
from schedbot.presentation import output, schedules
from schedbot.session import open_session


def run(
    names: Annotated[list[str], typer.Argument(metavar="NAME", help="Names or globs: 'acme-*'.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; scripts need it for globs.")] = False,
) -> None:
    """Remove schedules. Their queued jobs are cancelled, their jobs stay in the audit, their names become free.

    Example:  schedbot remove acme-weekly
    """
    with open_session() as session:
        selected = selection.find_all(session.db, names)
        schedules.note_unmatched(selected.empty)
        if selected.schedules and not (yes or confirm(names, selected.schedules)):
            raise typer.Exit(DONE if sys.stdin.isatty() else USAGE_ERROR)
        for removed in remove.remove(session, selected.schedules):
            cancelled = f" Cancelled {output.count(removed.cancelled, 'queued job')}." if removed.cancelled else ""
            output.print_line(f"Removed '{removed.schedule.name}'.{cancelled}")


def confirm(names: Sequence[str], selected: Sequence[Schedule]) -> bool:
    """Ask the user, except for one name without a glob, or for several names in a script."""
    has_glob = any(selection.is_glob(name) for name in names)
    if not has_glob and (len(selected) == 1 or not sys.stdin.isatty()):
        return True
    examples = ", ".join(schedule.name for schedule in selected[:5]) + (", ..." if len(selected) > 5 else "")
    return output.ask(f"Remove {output.count(len(selected), 'schedule')} ({examples})?")
