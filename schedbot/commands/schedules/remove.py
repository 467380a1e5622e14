"""`schedbot remove`: schedules that are not wanted any more."""

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from schedbot.admin.schedules import lookup, remove
from schedbot.errors import DONE, USAGE_ERROR
from schedbot.model import Schedule
from schedbot.presentation import schedules, terminal
from schedbot.session import open_session


def run(
    names: Annotated[list[str], typer.Argument(metavar="NAME", help="Names or globs: 'acme-*'.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; scripts need it for globs.")] = False,
) -> None:
    """Remove schedules. What waits is cancelled; their jobs stay in the audit, their names are free.

    Example:  schedbot remove acme-weekly
    """
    with open_session() as session:
        meant = lookup.find_all(session.db, names)
        schedules.note_empty(meant.empty)
        if meant.schedules and not (yes or is_sure(names, meant.schedules)):
            raise typer.Exit(DONE if sys.stdin.isatty() else USAGE_ERROR)
        for one in remove.remove(session, meant.schedules):
            cancelled = f" Cancelled: {one.cancelled} that waited." if one.cancelled else ""
            terminal.say(f"Removed '{one.schedule.name}'.{cancelled}")


def is_sure(names: Sequence[str], meant: Sequence[Schedule]) -> bool:
    """One name that is typed out is sure enough, and so are several in a script; else it is asked."""
    has_glob = any(lookup.is_glob(name) for name in names)
    if not has_glob and (len(meant) == 1 or not sys.stdin.isatty()):
        return True
    shown = ", ".join(one.name for one in meant[:5]) + (", ..." if len(meant) > 5 else "")
    many = "schedule" if len(meant) == 1 else "schedules"
    return terminal.ask(f"Remove {len(meant)} {many} ({shown})?")
