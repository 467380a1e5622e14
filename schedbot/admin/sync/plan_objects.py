"""Plan of a sync as objects: an action for each schedule, with the values before and after by column."""

from collections.abc import Iterator
from typing import Any

from schedbot.admin.fields.schedule_fields import ScheduleFields
from schedbot.admin.schedules import serialize
from schedbot.admin.sync.comparison import DEFAULT_VALUES
from schedbot.admin.sync.plan import SyncPlan
from schedbot.model import Schedule, ScheduleState

KEPT_KEYS = ("name", "workspace")


def to_json_each(plan: SyncPlan) -> Iterator[dict[str, Any]]:
    """Yield an object for each schedule of the plan. An added schedule has no values before, a removed one none after.

    Default values of these two are left out.
    """
    for new in plan.added:
        values = given_values(serialize.to_columns(new_schedule(new.fields)))
        yield to_json("add", new.name, {column: [None, value] for column, value in values.items()})
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
