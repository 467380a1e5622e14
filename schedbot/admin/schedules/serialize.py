"""Serialize schedules for JSON and for change records, with the columns of an import as keys.

An import reads these values again, so instants are RFC 3339 in UTC and durations are written as a person types them.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice
from typing import Any

from schedbot import times
from schedbot.admin.change_context import ChangeContext, ChangedObject
from schedbot.admin.schedules import occurrences
from schedbot.admin.schedules.occurrences import Skips
from schedbot.model import Recurrence, Schedule, ScheduleState
from schedbot.rules import recurrence
from schedbot.session import Session
from schedbot.store.database import Database
from schedbot.store.history import last_results
from schedbot.store.history.last_results import LastResult
from schedbot.store.jobs import pending

BATCH = 500

LAST_KEYS = ("last_due_at", "last_state", "last_error")
EXTRA_KEYS = ("id", "state", "reason", "next_due_at", "meaning", "source", "created_at", "zone", "version", *LAST_KEYS)


def to_columns(schedule: Schedule) -> dict[str, Any]:
    """Return the values by the columns of an import; None for columns that do not apply."""
    rule, terms = schedule.recurrence, schedule.terms
    is_text = terms.report.kind == "text"
    return {
        "name": schedule.name,
        "account": schedule.account,
        "workspace": schedule.workspace,
        "channel": terms.channel,
        "cron": rule.cron,
        "every": recurrence.to_phrase(rule.rrule) if rule.rrule else None,
        "at": format_optional(rule.once_at),
        "tz": terms.tz_from or rule.tz,
        "text": terms.report.source if is_text else None,
        "report": None if is_text else terms.report.source,
        "params": dict(terms.report.params),
        "starts": format_optional(terms.starts_at),
        "until": format_optional(terms.until_at),
        "count": terms.count,
        "misfire": terms.misfire.value,
        "grace": times.unparse_duration(terms.grace_ms),
        "max_attempts": terms.max_attempts,
        "priority": terms.priority.value,
        "on_unknown": terms.on_unknown.value,
        "jitter": times.unparse_duration(terms.jitter_ms),
        "skip_holidays": terms.skip_holidays,
        "paused": schedule.state is ScheduleState.PAUSED,
        "holiday_policy": terms.holiday_policy.value,
        "window": terms.window,
        "outside": terms.outside.value,
        "blackout": terms.blackout,
        "on_empty": terms.on_empty,
        "thread": terms.thread.value,
        "update": terms.is_update,
        "username": terms.username,
        "icon": terms.icon,
        "unfurl": terms.unfurl,
    }


def to_json(schedule: Schedule, last: LastResult | None, now: int, dropped: Skips) -> dict[str, Any]:
    """Return the object of `add`, `list` and `show`."""
    next_due_at = occurrences.find_next_due(schedule, now, dropped)
    beside = {
        "id": schedule.id,
        "state": schedule.state.value,
        "reason": schedule.reason,
        "next_due_at": format_optional(next_due_at),
        "meaning": describe_rule(schedule),
        "source": schedule.source,
        "created_at": format_optional(schedule.created_at),
        "zone": schedule.recurrence.tz,
        "version": schedule.version,
        "last_due_at": format_optional(last.due_at if last else None),
        "last_state": last.state.value if last else None,
        "last_error": last.error if last else None,
    }
    return {**to_columns(schedule), **beside}


def to_json_each(session: Session, schedules: Iterable[Schedule]) -> Iterator[dict[str, Any]]:
    """Return the objects of many schedules, one by one."""
    now = session.now()
    dropped = pending.list_skipped(session.db, now)
    remaining = iter(schedules)
    while batch := list(islice(remaining, BATCH)):
        results = last_results.by_schedule(session.db, (schedule.id for schedule in batch), now)
        for schedule in batch:
            yield to_json(schedule, results.get(schedule.id), now, dropped)


@lru_cache(maxsize=8_192)
def describe_recurrence(rule: Recurrence) -> str:
    """Return a recurrence in words. Cached, because many schedules share one."""
    return recurrence.describe(rule)


def describe_rule(schedule: Schedule) -> str:
    """Return the rule of a schedule in words, with the Slack user whose zone it follows."""
    user_id = schedule.terms.tz_from.partition(":")[2]
    return describe_recurrence(schedule.recurrence) + (f" (zone of {user_id} in Slack)" if user_id else "")


def record_change(db: Database, context: ChangeContext, before: Schedule, after: Schedule) -> None:
    """Record the change of one schedule. Inside the transaction that makes the change."""
    context.record(db, changed_schedule(after), recorded(before), recorded(after))


def changed_schedule(schedule: Schedule) -> ChangedObject:
    """Return the schedule as the object of a change."""
    return ChangedObject("schedule", schedule.id, schedule.name, schedule.workspace_id)


def recorded(schedule: Schedule) -> dict[str, Any]:
    """Return the values of a schedule that changes are recorded with: its columns and its state."""
    state = {
        "state": schedule.state.value,
        "reason": schedule.reason,
        "paused_until": format_optional(schedule.state_until),
        "version": schedule.version,
        "zone": schedule.recurrence.tz if schedule.terms.tz_from else None,
        "source": schedule.source,
    }
    return {name: value for name, value in {**to_columns(schedule), **state}.items() if value not in (None, "", {})}


def format_optional(instant: int | None) -> str | None:
    """Return an instant as RFC 3339, or None."""
    return None if instant is None else times.to_rfc3339(instant)
