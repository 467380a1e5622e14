"""`schedbot skip-next`: drop the next occurrence alone."""

from typing import Annotated

import typer

from schedbot.admin.schedules import serialize, skip_next
from schedbot.presentation import terminal
from schedbot.presentation.schedules import occurrence
from schedbot.session import open_session


def run(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The schedule.")],
    json: Annotated[bool, typer.Option("--json", help="One JSON object: what is skipped.")] = False,
) -> None:
    """Drop just the next occurrence, and say which. Said twice, it drops the one after it too.

    Example:  schedbot skip-next acme-weekly
    """
    with open_session() as session:
        schedule, skipped = skip_next.skip_next(session, name)
        if json:
            terminal.json_lines(
                [{"schedule": schedule.name, "due_at": serialize.stamp(skipped.due_at), "state": "skipped"}]
            )
        else:
            told = occurrence(skipped, session.now(), session.local_zone)
            terminal.say(f"'{schedule.name}' skips {told}.")
