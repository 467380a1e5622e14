"""`schedbot export`: export schedules as CSV or JSON Lines."""

from typing import Annotated

import typer

from schedbot.admin.import_export import exporter
from schedbot.admin.import_export.formats import Format
from schedbot.presentation import output
from schedbot.session import open_session


def run(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="Names or globs. [default: all schedules]")
    ] = None,
    format: Annotated[Format, typer.Option(help="CSV with a header, or one JSON object a line.")] = Format.CSV,
    json: Annotated[bool, typer.Option("--json", help="Same as --format jsonl.")] = False,
    safe: Annotated[
        bool, typer.Option("--safe", help="Write a ' before cells that a spreadsheet would take for a formula.")
    ] = False,
) -> None:
    """Export schedules for 'schedbot import'. Finished schedules are not exported.

    --safe is for CSV that is opened in a spreadsheet: 'import' would read the ' as a part of the value.

    Example:  schedbot export 'acme-*' > schedules.csv
    """
    with open_session() as session:
        selected = exporter.find_schedules(session.db, names or [])
        count = exporter.write(selected, Format.JSONL if json else format, output.stdout(), safe)
    if not count:
        output.note("No schedules to export.")
