"""Recurrences: one row for each rule, however many schedules share it.

`next_due_at` is the first occurrence that is not enqueued yet: a tick reads the few rows that are due, computes each
once, and moves it on. It is null for a recurrence without an active schedule, which costs a tick nothing.
"""

from dataclasses import dataclass

from schedbot.model import Recurrence
from schedbot.rules import recurrence as rules
from schedbot.store.database import Database


def rule_columns(field: str, table: str = "r") -> str:
    """Return the columns of a recurrence that fill a field of type Recurrence."""
    return f"""{table}.tz AS "{field}.tz",
       CASE {table}.kind WHEN 'cron' THEN {table}.expression END AS "{field}.cron",
       CASE {table}.kind WHEN 'once' THEN CAST({table}.expression AS INTEGER) END AS "{field}.once_at",
       CASE {table}.kind WHEN 'rrule' THEN {table}.expression END AS "{field}.rrule",
       {table}.holidays_before AS "{field}.before_holidays\""""


SELECT = f"SELECT r.id, r.next_due_at, {rule_columns('rule')} FROM recurrences r"

DUE = f"""
{SELECT} WHERE r.next_due_at IS NOT NULL AND r.next_due_at BETWEEN :since AND :horizon
 ORDER BY r.next_due_at LIMIT :limit
"""

BY_ID = f"{SELECT} WHERE r.id = :id"

EARLIEST_DUE = "SELECT min(next_due_at) FROM recurrences WHERE next_due_at IS NOT NULL"

FIND_OR_ADD = """
INSERT INTO recurrences (kind, expression, tz, holidays_before) VALUES (:kind, :expression, :tz, :holidays_before)
ON CONFLICT (kind, expression, tz, holidays_before) DO UPDATE SET kind = excluded.kind
RETURNING id
"""

SET_NEXT_DUE = "UPDATE recurrences SET next_due_at = :next_due_at WHERE id = :id"

MOVE_ON = "UPDATE recurrences SET last_due_at = :last_due_at, next_due_at = :next_due_at WHERE id = :id"

COUNT_SCHEDULES = "SELECT count(*) FROM schedules WHERE recurrence_id = :id AND state = 'active'"


@dataclass(frozen=True, slots=True)
class StoredRecurrence:
    """A recurrence and its first occurrence that is not enqueued yet."""

    id: int
    next_due_at: int | None
    rule: Recurrence


def find_or_add(db: Database, rule: Recurrence) -> int:
    """Return the id of the rule's row, which is added if it is new. Inside a transaction."""
    return db.integer(FIND_OR_ADD, to_row(rule))


def to_row(rule: Recurrence) -> dict[str, str]:
    """Return the values of a rule's row."""
    kind, expression = "once", str(rule.once_at)
    if rule.cron is not None:
        kind, expression = "cron", rule.cron
    elif rule.rrule is not None:
        kind, expression = "rrule", rule.rrule
    return {"kind": kind, "expression": expression, "tz": rule.tz, "holidays_before": rule.before_holidays}


def by_id(db: Database, recurrence_id: int) -> StoredRecurrence:
    """Return one recurrence. Raises LookupError for an unknown id."""
    recurrence = db.first(StoredRecurrence, BY_ID, {"id": recurrence_id})
    if recurrence is None:
        raise LookupError(f"recurrence {recurrence_id}")
    return recurrence


def list_due(db: Database, horizon: int, limit: int, since: int = 0) -> list[StoredRecurrence]:
    """Return the recurrences whose next occurrence lies between `since` and `horizon`, the earliest first."""
    return db.all(StoredRecurrence, DUE, {"since": since, "horizon": horizon, "limit": limit})


def earliest_due(db: Database) -> int | None:
    """Return the earliest occurrence that is not enqueued yet."""
    return db.integer_or_none(EARLIEST_DUE)


def set_next_due(db: Database, recurrence_id: int, next_due_at: int | None) -> None:
    """Record that all occurrences before `next_due_at` are enqueued (None: there is no other). Inside a transaction."""
    db.execute(SET_NEXT_DUE, {"id": recurrence_id, "next_due_at": next_due_at})


def move_on(db: Database, recurrence_id: int, last_due_at: int, next_due_at: int | None) -> None:
    """Do as `set_next_due`, and record that jobs are enqueued up to `last_due_at`. Inside a transaction."""
    db.execute(MOVE_ON, {"id": recurrence_id, "last_due_at": last_due_at, "next_due_at": next_due_at})


def count_schedules(db: Database, recurrence_id: int) -> int:
    """Return the number of active schedules with the recurrence."""
    return db.integer(COUNT_SCHEDULES, {"id": recurrence_id})


def wake(db: Database, recurrence_id: int, now: int) -> StoredRecurrence:
    """Return the recurrence; without a next occurrence it gets its first one after `now`. Inside a transaction."""
    recurrence = by_id(db, recurrence_id)
    if recurrence.next_due_at is None:
        set_next_due(db, recurrence_id, rules.next_after(recurrence.rule, now))
        recurrence = by_id(db, recurrence_id)
    return recurrence


def move_back(db: Database, recurrence_id: int, after: int) -> None:
    """Let the next occurrence be the first one after an instant, unless it is earlier. Inside a transaction."""
    recurrence = by_id(db, recurrence_id)
    first = rules.next_after(recurrence.rule, after)
    if first is not None and (recurrence.next_due_at is None or first < recurrence.next_due_at):
        set_next_due(db, recurrence_id, first)


def list_zones(db: Database) -> list[str]:
    """Return the time zones of all recurrences, each once."""
    return db.texts("SELECT DISTINCT tz FROM recurrences ORDER BY tz")
