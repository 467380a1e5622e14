"""`schedbot init`: create the database and a commented schedbot.toml."""

from pathlib import Path
from typing import Annotated

import typer

from schedbot import clock, settings
from schedbot.admin.operations import init
from schedbot.presentation import output


def run(
    take_over: Annotated[
        bool, typer.Option("--take-over", help="Work with this copy of the database from now on, instead of the other.")
    ] = False,
) -> None:
    """Create the database (readable only by you) and a commented schedbot.toml. Existing files are not changed.

    'tick' and 'work' refuse a copy of a database, since both would post everything. --take-over ends that: use it for
    a database that was moved to another machine, once nothing works with the old one.

    Example:  schedbot init
    """
    for line in init.initialize(Path.cwd(), settings.flags, clock.now_ms(), take_over=take_over):
        output.print_line(line)
    output.note("Next:  schedbot add NAME --cron '0 9 * * mon-fri' --tz Europe/Berlin \\")
    output.note("                --channel C0123456789 --text 'Good morning'")
