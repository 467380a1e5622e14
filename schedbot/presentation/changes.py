"""Changes on record, as paragraphs and objects."""

import difflib
import json as jsonlib
from collections.abc import Iterable
from typing import Any

from schedbot import times
from schedbot.admin.operations import change_log
from schedbot.admin.operations.change_log import FieldChange
from schedbot.presentation import output
from schedbot.store.history.changes import RecordedChange

INDENT = 4
MOST_LINES = 20  # of one value


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
            print_difference(difference, INDENT)
    if is_empty:
        output.print_line("No change matches.")


def print_difference(difference: FieldChange, indent: int) -> None:
    """Print `cron: 0 9 * * mon -> 0 8 * * fri`; of values with several lines, those that differ, below each other."""
    before, after = format_value(difference.before), format_value(difference.after)
    if len(before.splitlines()) < 2 and len(after.splitlines()) < 2:
        values = after if difference.before is None else f"{before} -> {after}"
        output.print_line(f"{'':{indent}}{difference.name}: {values}", hang=2 * indent)
        return
    output.print_line(f"{'':{indent}}{difference.name}:")
    lines = compare_lines("" if difference.before is None else before, "" if difference.after is None else after)
    for line in lines[:MOST_LINES]:
        output.print_line(f"{'':{2 * indent}}{line}", hang=3 * indent)
    if len(lines) > MOST_LINES:
        output.print_line(f"{'':{2 * indent}}... {len(lines) - MOST_LINES:,} more lines; '--json' has all")


def compare_lines(before: str, after: str) -> list[str]:
    """Return the lines that differ, each with `-` or `+` before it."""
    compared = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0)
    return [f"{line[0]} {line[1:]}" for line in list(compared)[2:] if line[0] in "+-"]


def format_value(value: Any) -> str:
    """Return a value as text; '-' for none."""
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
