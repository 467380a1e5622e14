"""`schedbot backup`: a verified copy of the database."""

from typing import Annotated

import typer

from schedbot.admin.operations import backup
from schedbot.errors import NEEDS_PERSON
from schedbot.presentation import output
from schedbot.session import open_session
from schedbot.text_input import parse_path


def run(
    file: Annotated[str, typer.Argument(metavar="FILE", help="New file, or a folder: then the name has the instant.")],
    keep: Annotated[
        int | None, typer.Option(metavar="N", min=1, max=100_000, help="Keep the newest N backups of the folder.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Copy the database while 'tick' and 'work' go on, check the copy, and give it its name last.

    The copy has the state of one commit. To work with it, for example on another machine, see 'init --take-over'.
    Exit code 3: the hash chain over the record is broken; the copy is there, and older ones are not deleted.

    Example:  schedbot backup /var/backups --keep 14
    """
    with open_session() as session:
        result = backup.back_up(session, parse_path(file), keep)
    is_verified = not result.chain_problem
    if json:
        row = {"file": str(result.file), "bytes": result.bytes, "jobs": result.jobs, "verified": is_verified}
        output.json_lines([row])
    else:
        size = f"{result.bytes / 1_000_000:,.1f} MB{', verified' if is_verified else ''}"
        output.print_line(f"Backed up to {result.file}: {output.count(result.jobs, 'job')}, {size}.")
        for path in result.deleted:
            output.print_line(f"Deleted {path}.")
    if not is_verified:
        older = " Older backups stay." if keep else ""
        output.note(f"The record is not as schedbot wrote it: {result.chain_problem}. See docs/record.md.{older}")
        raise typer.Exit(NEEDS_PERSON)
