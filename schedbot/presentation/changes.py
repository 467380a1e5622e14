"""Changes on record, as paragraphs and objects."""

import json as jsonlib
from collections.abc import Iterable
from typing import Any

from schedbot import times
from schedbot.admin.operations import change_log
from schedbot.admin.operations.change_log import FieldChange
from schedbot.presentation import output
from schedbot.store.history.changes import RecordedChange

INDENT = 4


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
        undoes = f" {change.undoes}" if change.undoes else ""
        line = f"{record.id}  {at}  {change.actor}{host}, {change.command}{undoes}: {kind}'{change.name}'{action}"
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
        "undoes": change.undoes,
        "hash": record.hash,
    }
