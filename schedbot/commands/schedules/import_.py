"""`schedbot import`: import schedules from CSV or JSON Lines, all or nothing."""

import gc
from dataclasses import asdict
from typing import Annotated

import typer

from schedbot.admin.import_export import importer
from schedbot.admin.import_export.formats import Format
from schedbot.admin.import_export.importer import ImportResult, Source
from schedbot.commands import list_file
from schedbot.presentation import output
from schedbot.session import open_session

DIRECT_SCOPES = "the app needs the scopes im:write and im:history. 'schedbot workspace check' shows if it has them."


def run(
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="File name; '-' reads stdin.")],
    format: Annotated[
        Format | None, typer.Option(help="File format. [default: by the file's ending or content]")
    ] = None,
    update: Annotated[bool, typer.Option("--update", help="Change schedules whose names exist.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check every line; change nothing.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Counts as one JSON object.")] = False,
) -> None:
    """Import schedules from CSV (with a header) or JSON Lines, all or nothing. Errors are listed by line and column.

    Columns: name, account, workspace, channel, cron, every, at, tz, text, report, params (a JSON object), starts,
    until, count, misfire, grace, max_attempts, priority, on_unknown, jitter, skip_holidays, paused, holiday_policy,
    window, outside, blackout, on_empty, thread, update, username, icon, unfurl. They may be omitted or in any order; an
    empty cell means the default.
    Blanks around cells, empty columns at the end and a spreadsheet's line sep=; are left out. A template is tried for
    the values of at most 1,000 lines; schedbot reports check tries all.

    Example:  schedbot export | schedbot import - --update
    """
    gc.disable()  # all rows stay in memory until they are written; collecting garbage costs a third of the time
    source = Source("stdin" if file == "-" else file, list_file.read(file), format, update)
    with open_session() as session, output.progress(f"Importing {source.name}", total=1) as bar:
        imported = importer.import_file(session, source, list_file.progress_callback(bar), dry_run)
    if json:
        output.json_lines([asdict(imported)])
    else:
        output.print_line(summary_line(imported, update, dry_run))
        if count := imported.direct_messages:
            posts = "schedule posts" if count == 1 else "schedules post"
            output.note(f"Note: {count:,} {posts} to a person: {DIRECT_SCOPES}")
        if count := imported.not_rendered:
            reports = output.count(count, "report was", "reports were")
            output.note(
                f"Note: {reports} not tried: an import tries a template for {importer.MOST_TRIALS:,} different lines. "
                "'schedbot reports check' tries all."
            )


def summary_line(imported: ImportResult, update: bool, dry_run: bool) -> str:
    """Return `Added 3 schedules.`, or with --update `Added 1, changed 2, unchanged 7.`"""
    add, change = ("Would add", "would change") if dry_run else ("Added", "changed")
    if update:
        return f"{add} {imported.added:,}, {change} {imported.changed:,}, unchanged {imported.unchanged:,}."
    return f"{add} {output.count(imported.added, 'schedule')}."
