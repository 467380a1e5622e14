"""`schedbot log`: the record of changes."""

import json as jsonlib
from collections.abc import Iterable
from itertools import islice
from typing import Annotated, Any

import typer

from schedbot import times
from schedbot.admin.operations import change_log
from schedbot.admin.operations.change_log import FieldChange
from schedbot.errors import BadInput
from schedbot.presentation import output
from schedbot.session import open_session
from schedbot.store.history.changes import ChangeFilter, RecordedChange
from schedbot.text_input import EMPTY_HINT, refuse_empty

INDENT = 4


def run(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="Schedule, workspace or account; also a former name.")
    ] = None,
    since: Annotated[
        str | None, typer.Option(metavar="WHEN", help="Changes since then: 2d, monday, '2026-12-01'.")
    ] = None,
    actor: Annotated[str | None, typer.Option(metavar="WHO", help="Changes of this person or program.")] = None,
    command: Annotated[str | None, typer.Option(metavar="COMMAND", help="Changes of this command: edit.")] = None,
    limit: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, max=1_000_000, help="Newest N changes. [default: 50; all with --json]"),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a change, newest first.")] = False,
) -> None:
    """Show who changed what, when and from where, the newest first, with each field before and after.

    With NAME: how a schedule came to be as it is, under all its names.

    Example:  schedbot log acme-weekly --since 30d
    """
    if name is not None and not name.strip():
        raise BadInput("NAME is empty.", EMPTY_HINT)
    for option, value in (("since", since), ("actor", actor), ("command", command)):
        refuse_empty(option, value)
    with open_session() as session:
        since_at = times.parse_past(since, session.local_zone, session.now()) if since else None
        selected = change_log.list_changes(session, ChangeFilter(name, since_at, actor, command))
        if json:
            output.json_lines(map(to_json, islice(selected, limit)))
            return
        shown = islice(selected, limit or 50)
        print_changes(shown, session.now())


def print_changes(selected: Iterable[RecordedChange], now: int) -> None:
    """Print a paragraph for each change."""
    zone, is_empty = times.local_zone(), True
    for record in selected:
        is_empty = False
        change = record.change
        at = times.format_instant(change.changed_at, zone, now)
        host = f" on {change.host}" if change.host and not change.actor.endswith(f"@{change.host}") else ""
        kind = "" if change.kind == change.name else f"{change.kind} "
        action = " created" if change.before is None else " deleted" if change.after is None else ""
        line = f"{record.id}  {at}  {change.actor}{host}, {change.command}: {kind}'{change.name}'{action}"
        output.print_line(line, "bold", hang=INDENT)
        for difference in change_log.compare(change):
            output.print_line(f"{'':{INDENT}}{describe(difference)}", hang=2 * INDENT)
    if is_empty:
        output.print_line("No change matches.")


def describe(difference: FieldChange) -> str:
    """Return `cron: 0 9 * * mon -> 0 8 * * fri`."""
    before, after = format_value(difference.before), format_value(difference.after)
    return f"{difference.name}: {after}" if difference.before is None else f"{difference.name}: {before} -> {after}"


def format_value(value: Any) -> str:
    """Return a value in one line; '-' for none."""
    if value is None:
        return "-"
    return value if isinstance(value, str) else jsonlib.dumps(value, ensure_ascii=False)


def to_json(record: RecordedChange) -> dict[str, Any]:
    """Return the object of a change."""
    change = record.change
    return {
        "change": record.id,
        "at": times.to_rfc3339(change.changed_at),
        "actor": change.actor,
        "host": change.host,
        "command": change.command,
        "kind": change.kind,
        "name": change.name,
        "before": change.before,
        "after": change.after,
    }
