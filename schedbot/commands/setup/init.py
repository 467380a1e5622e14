"""`schedbot init`: create the database and a commented schedbot.toml, or an example project."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from schedbot import clock, settings, text_input
from schedbot.admin.operations import init
from schedbot.errors import BadInput
from schedbot.presentation import output


def run(
    take_over: Annotated[
        bool, typer.Option("--take-over", help="Work with this copy of the database from now on, instead of the other.")
    ] = False,
    example: Annotated[
        str | None, typer.Option("--example", metavar="FOLDER", help="Create a project of example reports instead.")
    ] = None,
) -> None:
    """Create the database (readable only by you) and a commented schedbot.toml. Existing files are not changed.

    'tick' and 'work' refuse a copy of a database, since both would post everything. --take-over ends that: use it for
    a database that was moved to another machine, once nothing works with the old one.

    --example FOLDER makes a small project in a new or empty folder: a report of each kind, a database of invented
    sales, and tests. docs/reports.md explains it.

    Example:  schedbot init --example sales-reports
    """
    if example is not None:
        if take_over:
            raise BadInput("--take-over and --example cannot be used together.", "Use one of them.")
        create_example(example)
        return
    for line in init.initialize(Path.cwd(), settings.flags, clock.now_ms(), take_over=take_over):
        output.print_line(line)
    output.note("Next:  schedbot add NAME --cron '0 9 * * mon-fri' --tz Europe/Berlin \\")
    output.note("                --channel C0123456789 --text 'Good morning'")


def create_example(name: str) -> None:
    """Create the example project, and print its files and the next commands."""
    from schedbot.admin.operations import init_example

    if not name.strip():
        raise BadInput("--example has no folder.", "Name a new folder: schedbot init --example sales-reports")
    folder = text_input.parse_path(name)
    names = init_example.create_project(folder, clock.now_ms())
    for warning in init_example.list_overrides(folder):
        output.print_line(warning)
    output.print_line(f"Created  a project of example reports in {name}: {', '.join(names)}", hang=9)
    move = "" if folder.resolve() == Path.cwd() else f"cd {shlex.quote(name)} && "
    output.note(f"Next:  {move}schedbot reports")
    output.note("       README.md there has the next steps.")
