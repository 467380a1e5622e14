"""When schedules fire, one row for each rule however many schedules share it.

`next_due_at` is the first occurrence that is not yet enqueued: a tick reads the few rows that are due, computes each
once, and moves it. A recurrence that no active schedule needs is asleep (null), and costs a tick nothing.
"""

from dataclasses import dataclass

from schedbot.model import Recurrence
from schedbot.rules import recurrence as rules
from schedbot.store.database import Database, Row

KNOWN = """
INSERT INTO recurrences (kind, expression, tz, holidays_before) VALUES (:kind, :expression, :tz, :holidays_before)
ON CONFLICT (kind, expression, tz, holidays_before) DO UPDATE SET kind = excluded.kind
RETURNING id
"""

DUE = """
SELECT id, kind, expression, tz, holidays_before, next_due_at
  FROM recurrences
 WHERE next_due_at IS NOT NULL AND next_due_at <= :horizon
 ORDER BY next_due_at
 LIMIT :limit
"""

BY_ID = "SELECT id, kind, expression, tz, holidays_before, next_due_at FROM recurrences WHERE id = :id"

MOVE = "UPDATE recurrences SET next_due_at = :next_due_at WHERE id = :id"

WANTING = "SELECT count(*) FROM schedules WHERE recurrence_id = :id AND state = 'active'"


def rule_columns(field: str, table: str = "r") -> str:
    """Return the columns of a recurrence that fill a field of type Recurrence."""
    return f"""{table}.tz AS "{field}.tz",
       CASE {table}.kind WHEN 'cron' THEN {table}.expression END AS "{field}.cron",
       CASE {table}.kind WHEN 'once' THEN CAST({table}.expression AS INTEGER) END AS "{field}.once_at",
       CASE {table}.kind WHEN 'rrule' THEN {table}.expression END AS "{field}.rrule",
       {table}.holidays_before AS "{field}.before_holidays\""""


@dataclass(frozen=True, slots=True)
class StoredRecurrence:
    """A recurrence and how far it is enqueued."""

    id: int
    rule: Recurrence
    next_due_at: int | None


def stored(row: Row) -> StoredRecurrence:
    number, kind, expression, tz, holidays_before, next_due_at = row
    return StoredRecurrence(number, rule_of(kind, expression, tz, holidays_before), next_due_at)


def rule_of(kind: str, expression: str, tz: str, holidays_before: str) -> Recurrence:
    """The noun behind a row's kind, expression, zone and region."""
    match kind:
        case "cron":
            return Recurrence(tz, cron=expression, before_holidays=holidays_before)
        case "rrule":
            return Recurrence(tz, rrule=expression, before_holidays=holidays_before)
        case _:
            return Recurrence(tz, once_at=int(expression), before_holidays=holidays_before)


def known(db: Database, rule: Recurrence) -> int:
    """The id of the row that stands for `rule`, made if it is new. Inside a transaction."""
    kind, expression = "once", str(rule.once_at)
    if rule.cron is not None:
        kind, expression = "cron", rule.cron
    elif rule.rrule is not None:
        kind, expression = "rrule", rule.rrule
    row = {"kind": kind, "expression": expression, "tz": rule.tz, "holidays_before": rule.before_holidays}
    return int(db.value(KNOWN, row))


def by_id(db: Database, number: int) -> StoredRecurrence:
    """One recurrence. Raises LookupError for a number that was never given."""
    row = db.row(BY_ID, {"id": number})
    if row is None:
        raise LookupError(f"recurrence {number}")
    return stored(row)


def due(db: Database, horizon: int, limit: int) -> list[StoredRecurrence]:
    """The recurrences with an occurrence up to `horizon` that is not yet enqueued, the oldest first."""
    return [stored(row) for row in db.rows(DUE, {"horizon": horizon, "limit": limit})]


def next_due(db: Database) -> int | None:
    """The earliest occurrence that is not yet enqueued."""
    found: int | None = db.value("SELECT min(next_due_at) FROM recurrences WHERE next_due_at IS NOT NULL")
    return found


def move(db: Database, number: int, next_due_at: int | None) -> None:
    """Say that everything before `next_due_at` is enqueued (None: nothing more will come)."""
    db.execute(MOVE, {"id": number, "next_due_at": next_due_at})


def wanting(db: Database, number: int) -> int:
    """How many active schedules use it."""
    return int(db.value(WANTING, {"id": number}))


def wake(db: Database, number: int, now: int) -> StoredRecurrence:
    """Make sure that ticks look at it: one that is asleep starts with its first occurrence after `now`."""
    found = by_id(db, number)
    if found.next_due_at is None:
        move(db, number, rules.next_after(found.rule, now))
        found = by_id(db, number)
    return found
