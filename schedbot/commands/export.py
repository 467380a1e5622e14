"""`schedbot export`: schedules as CSV or JSON Lines."""

import sys
from typing import Annotated

import typer

from schedbot import output
from schedbot.admin import exporting
from schedbot.admin.import_lines import Format
from schedbot.session import opened


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
    with opened() as session:
        found = exporting.chosen(session.db, names or [])
        count = exporting.write(found, Format.JSONL if json else format, sys.stdout)
    if not count:
        output.note("There is no schedule to export.")
