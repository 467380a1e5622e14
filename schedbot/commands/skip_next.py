"""`schedbot skip-next`: drop the next occurrence alone."""

from typing import Annotated

import typer

from schedbot import output
from schedbot.admin import skipping, telling
from schedbot.commands.telling import occurrence
from schedbot.session import opened


def run(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The schedule.")],
    json: Annotated[bool, typer.Option("--json", help="One JSON object: what is skipped.")] = False,
) -> None:
    """Drop just the next occurrence, and say which. Said twice, it drops the one after it too.

    Example:  schedbot skip-next acme-weekly
    """
    with opened() as session:
        schedule, skipped = skipping.skip_next(session, name)
        if json:
            output.json_lines(
                [{"schedule": schedule.name, "due_at": telling.stamp(skipped.due_at), "state": "skipped"}]
            )
        else:
            told = occurrence(skipped, session.now(), session.reader_zone)
            output.say(f"'{schedule.name}' skips {told}.")
