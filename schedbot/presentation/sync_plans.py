"""Plan of a sync as lines and objects: what is added, changed field by field, and removed."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from schedbot.admin.fields.schedule_fields import ScheduleFields
from schedbot.admin.schedules import serialize
from schedbot.admin.sync.comparison import DEFAULT_VALUES
from schedbot.admin.sync.plan import SyncChange, SyncPlan
from schedbot.model import Schedule, ScheduleState
from schedbot.presentation import output, schedules

MAX_SHOWN = 10
KEPT_KEYS = ("name", "workspace")


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


def describe_added(change: SyncChange) -> str:
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


def to_json_each(plan: SyncPlan) -> Iterator[dict[str, Any]]:
    """Yield an object for each schedule of the plan. An added schedule has no values before, a removed one none after.

    Default values of these two are left out.
    """
    for change in plan.added:
        values = given_values(serialize.to_columns(new_schedule(change.fields)))
        yield to_json("add", change.name, {column: [None, value] for column, value in values.items()})
    for change in plan.changed:
        yield to_json("change", change.name, change.changes)
    for schedule in plan.removed:
        values = given_values(serialize.to_columns(schedule))
        yield to_json("remove", schedule.name, {column: [value, None] for column, value in values.items()})
    for name in plan.unchanged:
        yield to_json("keep", name, {})


def to_json(action: str, name: str, changes: dict[str, list[Any]]) -> dict[str, Any]:
    return {"action": action, "schedule": name, "changes": changes}


def given_values(values: dict[str, Any]) -> dict[str, Any]:
    """Return the values that are not the default of their column."""
    return {
        column: value
        for column, value in values.items()
        if value is not None and (column in KEPT_KEYS or value != DEFAULT_VALUES[column])
    }


def new_schedule(fields: ScheduleFields) -> Schedule:
    """Return a schedule with these values, which is not written yet."""
    return Schedule(
        id="",
        name=fields.name,
        account=fields.account,
        workspace_id="",
        workspace=fields.workspace,
        recurrence=fields.recurrence,
        terms=fields.terms,
        state=ScheduleState.PAUSED if fields.paused else ScheduleState.ACTIVE,
    )
