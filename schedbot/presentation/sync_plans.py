"""Plan of a sync as lines: what is added, changed field by field, and removed."""

from collections.abc import Iterable
from itertools import islice

from schedbot.admin.import_export.repeated_terms import NewSchedule
from schedbot.admin.schedules import serialize
from schedbot.admin.sync.plan import SyncChange, SyncPlan
from schedbot.presentation import output, schedules

MAX_SHOWN = 10


def print_plan(plan: SyncPlan) -> None:
    """Print the first lines of each kind, and the number of the others."""
    print_some("add", len(plan.added), map(describe_added, plan.added))
    print_some("change", len(plan.changed), map(describe_changed, plan.changed))
    print_some("remove", len(plan.removed), (schedule.name for schedule in plan.removed))
    output.print_line(f"{count(plan)} Unchanged: {len(plan.unchanged):,}.")


def print_some(action: str, total: int, lines: Iterable[str]) -> None:
    for line in islice(lines, MAX_SHOWN):
        output.print_line(f"{action:<6}  {line}", hang=8)
    if total > MAX_SHOWN:
        output.print_line(f"{'':<6}  ... and {total - MAX_SHOWN:,} more to {action}")


def count(plan: SyncPlan) -> str:
    """Return `Source 'product': 2 to add, 1 to change, 0 to remove.`"""
    numbers = f"{len(plan.added):,} to add, {len(plan.changed):,} to change, {len(plan.removed):,} to remove"
    return f"Source '{plan.source}': {numbers}."


def done_line(plan: SyncPlan) -> str:
    """Return `Added 2, changed 1, removed 0, unchanged 97.`"""
    numbers = [f"{len(plan.added):,}", f"{len(plan.changed):,}", f"{len(plan.removed):,}", f"{len(plan.unchanged):,}"]
    return "Added {}, changed {}, removed {}, unchanged {}.".format(*numbers)


def describe_added(change: NewSchedule) -> str:
    """Return `acme-weekly: Monday at 09:00, C0123456789`."""
    fields = change.fields
    paused = ", paused" if fields.paused else ""
    rule = serialize.describe_recurrence(fields.recurrence)
    return f"{fields.name}: {rule}, {fields.terms.channel}{paused}"


def describe_changed(change: SyncChange) -> str:
    """Return `acme-weekly: cron 0 9 * * mon -> 0 8 * * fri`."""
    tz = change.fields.recurrence.tz
    parts = [
        f"{column} {schedules.format_field(column, old, tz)} -> {schedules.format_field(column, new, tz)}"
        for column, (old, new) in change.changes.items()
    ]
    return f"{change.name}: {'; '.join(parts)}"
