"""`schedbot import`: schedules from CSV or JSON Lines, all or nothing."""

import gc
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from schedbot.admin.import_export import importer
from schedbot.admin.import_export.formats import Format
from schedbot.admin.import_export.import_plan import Progress
from schedbot.admin.import_export.importer import ImportResult, Source
from schedbot.errors import BadInput
from schedbot.presentation import terminal
from schedbot.session import open_session


def run(
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="The file; '-' reads from stdin.")],
    format: Annotated[Format | None, typer.Option(help="By default the file's ending, or its content, says.")] = None,
    update: Annotated[bool, typer.Option("--update", help="Change schedules whose name exists.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check every line; change nothing.")] = False,
    json: Annotated[bool, typer.Option("--json", help="How many, as one JSON object.")] = False,
) -> None:
    """Add schedules from CSV (with a header) or JSON Lines, all or nothing. Each bad line is listed with its error.

    Columns: name, account, workspace, channel, cron, every, at, tz, text, report, params (a JSON object), starts,
    until, count, misfire, grace, max_attempts, priority, on_unknown, jitter, skip_holidays, paused, holiday_policy,
    window, outside, blackout. They may be left out and stand in any order; an empty cell is the default.

    Example:  schedbot export | schedbot import - --update
    """
    gc.disable()  # all that is read is kept until it is written: to look for garbage costs a third
    source = Source("stdin" if file == "-" else file, read(file), format, update)
    with open_session() as session, terminal.progress(f"Importing {source.name}", total=1) as bar:
        imported = importer.import_file(session, source, moving(bar), dry_run)
    if json:
        terminal.json_lines([asdict(imported)])
    else:
        terminal.say(sentence(imported, update, dry_run))


def read(file: str) -> bytes:
    """The file's bytes. Raises BadInput."""
    if file == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except OSError as error:
        reason = (error.strerror or "unknown").lower()
        raise BadInput(f"'{file}' cannot be read: {reason}.", hint="Name a CSV or JSON Lines file, or '-'.") from None


def moving(bar: object) -> Progress:
    """Moves the progress bar."""

    def moved(done: int, total: int) -> None:
        bar.update(bar.task_ids[0], completed=done, total=total)  # type: ignore[attr-defined]

    return moved


def sentence(imported: ImportResult, update: bool, dry_run: bool) -> str:
    """`Added 3 schedules.`, or with --update `Added 1, changed 2, left 7 as they are.`"""
    add, change, leave = ("Would add", "change", "leave") if dry_run else ("Added", "changed", "left")
    if update:
        return f"{add} {imported.added:,}, {change} {imported.changed:,}, {leave} {imported.unchanged:,} as they are."
    return f"{add} {imported.added:,} schedule{'' if imported.added == 1 else 's'}."
