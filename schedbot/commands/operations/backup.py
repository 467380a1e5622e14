"""`schedbot backup`: a verified copy of the database."""

from pathlib import Path
from typing import Annotated

import typer

from schedbot.admin.operations import backup
from schedbot.presentation import output
from schedbot.session import open_session


def run(
    file: Annotated[str, typer.Argument(metavar="FILE", help="New file, or a folder: then the name has the instant.")],
    keep: Annotated[
        int | None, typer.Option(metavar="N", min=1, max=100_000, help="Keep the newest N backups of the folder.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Copy the database while 'tick' and 'work' go on, check the copy, and give it its name last.

    The copy has the state of one commit. To work with it, for example on another machine, see 'init --take-over'.

    Example:  schedbot backup /var/backups --keep 14
    """
    with open_session() as session:
        result = backup.back_up(session, Path(file).expanduser(), keep)
    if json:
        output.json_lines([{"file": str(result.file), "bytes": result.bytes, "jobs": result.jobs, "verified": True}])
        return
    size = f"{result.bytes / 1_000_000:,.1f} MB"
    output.print_line(f"Backed up to {result.file}: {output.count(result.jobs, 'job')}, {size}, verified.")
    for path in result.deleted:
        output.print_line(f"Deleted {path}.")
