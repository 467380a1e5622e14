"""Sync of lists in tests: mappings of columns, with a plan and its application at the clock of `Schedules`."""

from typing import Any

from schedbot.admin.sync.apply import apply_sync
from schedbot.admin.sync.plan import SyncPlan, plan_sync
from schedbot.errors import BadFile
from tests.support.schedules import Schedules

SOURCE = "product"


def row(name: str, **columns: Any) -> dict[str, Any]:
    """Return a row of a list; by default a text every day at 09:00 UTC."""
    recurrence = {} if {"cron", "every", "at"} & columns.keys() else {"cron": "0 9 * * *"}
    report = {} if {"text", "report"} & columns.keys() else {"text": "Hi"}
    return {"name": name, "channel": "C0000000001", "tz": "UTC", **recurrence, **report, **columns}


def plan(schedules: Schedules, *rows: Any, source: str = SOURCE) -> SyncPlan:
    """Return the plan for these rows."""
    return plan_sync(schedules.session, list(rows), source)


def sync(schedules: Schedules, *rows: Any, source: str = SOURCE) -> tuple[list[str], list[str], list[str], list[str]]:
    """Sync these rows, and return the names that were added, changed, removed and kept."""
    planned = plan(schedules, *rows, source=source)
    apply_sync(schedules.session, planned, yes_remove=True)
    added, changed = ([change.name for change in changes] for changes in (planned.added, planned.changed))
    return added, changed, [schedule.name for schedule in planned.removed], planned.unchanged


def bad_lines(schedules: Schedules, *rows: Any) -> list[str]:
    """Return the messages of the bad rows, or an empty list."""
    try:
        plan(schedules, *rows)
    except BadFile as error:
        return error.lines
    return []
