"""`schedbot export`: schedules as CSV or JSON Lines."""

import sys
from typing import Annotated

import typer

from schedbot.admin.import_export import exporter
from schedbot.admin.import_export.formats import Format
from schedbot.presentation import terminal
from schedbot.session import open_session


def run(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="Names or globs; all by default.")
    ] = None,
    format: Annotated[Format, typer.Option(help="csv with a header, or an object a line.")] = Format.CSV,
    json: Annotated[bool, typer.Option("--json", help="The same as --format jsonl.")] = False,
) -> None:
    """Write schedules so that 'schedbot import' takes them. Those that are over are left out.

    Example:  schedbot export 'acme-*' > schedules.csv
    """
    with open_session() as session:
        found = exporter.find_schedules(session.db, names or [])
        count = exporter.write(found, Format.JSONL if json else format, sys.stdout)
    if not count:
        terminal.note("There is no schedule to export.")
