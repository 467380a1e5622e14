"""`schedbot skip-next`: skip the next occurrence of a schedule."""

from typing import Annotated

import typer

from schedbot.admin.schedules import serialize, skip_next
from schedbot.presentation import output
from schedbot.presentation.schedules import occurrence_line
from schedbot.session import open_session


def run(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Schedule name.")],
    json: Annotated[bool, typer.Option("--json", help="One JSON object: the skipped occurrence.")] = False,
) -> None:
    """Skip the next occurrence of a schedule. A second call skips the one after it, too.

    Example:  schedbot skip-next acme-weekly
    """
    with open_session() as session:
        schedule, skipped = skip_next.skip_next(session, name)
        if json:
            due_at = serialize.format_optional(skipped.due_at)
            output.json_lines([{"schedule": schedule.name, "due_at": due_at, "state": "skipped"}])
        else:
            line = occurrence_line(skipped, session.now(), session.local_zone)
            output.print_line(f"'{schedule.name}' skips {line}.")
