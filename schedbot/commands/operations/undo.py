"""`schedbot undo`: undo a recorded change."""

from typing import Annotated

import typer

from schedbot.admin.operations import change_log
from schedbot.admin.undo import undo
from schedbot.presentation import changes as presentation
from schedbot.presentation import output
from schedbot.session import open_session
from schedbot.store.history.changes import RecordedChange

INDENT = 2


def run(
    change: Annotated[int, typer.Argument(metavar="CHANGE", help="Number of the change in 'schedbot log'.")],
    json: Annotated[bool, typer.Option("--json", help="The change that undoes it, as in 'log --json'.")] = False,
) -> None:
    """Undo a recorded change: an add, edit, pause, resume, removal or skip of a schedule, or another change.

    The undo is a change of its own, in effect from now on, and can be undone too. It is refused, with the reason, if
    posts have been sent by the change since, or if a later change altered the same values.

    Example:  schedbot undo 57
    """
    with open_session() as session:
        record, changes_back = undo.undo(session, change)
    if json:
        output.json_lines(map(presentation.to_json, changes_back))
        return
    output.print_line(f"{describe(record)} is undone.")
    for entry in changes_back:
        for difference in change_log.compare(entry.change):
            presentation.print_difference(difference, INDENT)


def describe(record: RecordedChange) -> str:
    """Return `Change 57 (edit of 'acme' by mary@host)`."""
    change = record.change
    return f"Change {record.id} ({change.command} of '{change.name}' by {change.actor})"
