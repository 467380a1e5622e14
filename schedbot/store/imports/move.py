"""Move staged schedules into the tables, each by one statement. Inside a transaction. Instants are UTC milliseconds.

The ids ascend, so that SQLite fills the pages of most indexes one after another.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from schedbot.model import ScheduleState
from schedbot.store.database import Database
from schedbot.store.imports.row_builder import Origin
from schedbot.store.imports.staged_tables import OF_TERMS, RULE

ADD_RECURRENCES = f"""
INSERT INTO recurrences ({", ".join(RULE)})
SELECT {", ".join(RULE)} FROM staged_terms WHERE true GROUP BY {", ".join(RULE)} ORDER BY min(number)
ON CONFLICT ({", ".join(RULE)}) DO NOTHING
"""

FIND_RECURRENCES = f"""
UPDATE staged_terms SET recurrence_id = (SELECT r.id FROM recurrences r
                                          WHERE {" AND ".join(f"r.{name} = staged_terms.{name}" for name in RULE)})
"""

# A recurrence without a next occurrence had no active schedule.
WAKE_RECURRENCES = """
UPDATE recurrences SET next_due_at = active.first_due_at
  FROM (SELECT recurrence_id, min(first_due_at) AS first_due_at
          FROM staged_terms WHERE state = 'active' GROUP BY recurrence_id) AS active
 WHERE recurrences.id = active.recurrence_id AND recurrences.next_due_at IS NULL
"""

UNKNOWN_WORKSPACES = """
SELECT count(*) FROM staged_terms t WHERE NOT EXISTS (SELECT 1 FROM workspaces w WHERE w.id = t.workspace_id)
"""

ROWS = "FROM staged_schedules s CROSS JOIN staged_terms t ON t.number = s.terms"

ADD_SCHEDULES = f"""
INSERT INTO schedules (id, name, account, workspace_id, recurrence_id, version, state, reason, state_by, paused_at,
                       effective_at, source, created_at)
SELECT s.id, s.name, s.account, t.workspace_id, t.recurrence_id, 1, t.state, t.reason, t.state_by,
       CASE t.state WHEN :paused THEN :now END, :now, t.source, :now {ROWS}
"""

ADD_VERSIONS = f"""
INSERT INTO schedule_versions (schedule_id, version, recurrence_id, channel, report_kind, report_source, params,
                               created_at, {", ".join(OF_TERMS)})
SELECT s.id, 1, t.recurrence_id, s.channel, s.report_kind, s.report_source, s.params,
       :now, {", ".join(f"t.{name}" for name in OF_TERMS)} {ROWS}
"""

ADD_CHANGES = f"""
INSERT INTO changes (id, changed_at, actor, host, command, workspace_id, kind, object_id, name, after)
SELECT :first + s.position, :now, :actor, :host, :command, t.workspace_id, 'schedule', s.id, s.name, s.after {ROWS}
"""

ADD_USERS = """
INSERT OR IGNORE INTO people (workspace_id, user_id, zone, asked_at, ask_at)
SELECT DISTINCT workspace_id, substr(tz_from, instr(tz_from, ':') + 1), tz, :now, :now
  FROM staged_terms WHERE tz_from <> ''
"""

NAMES_IN_USE = """
SELECT s.line, s.name
  FROM staged_schedules s CROSS JOIN schedules x ON x.name = s.name AND x.state <> 'removed'
 ORDER BY s.line
"""

HAS_ACTIVE = "SELECT EXISTS (SELECT 1 FROM staged_terms WHERE state = 'active')"

UPCOMING = """
SELECT DISTINCT recurrence_id FROM staged_terms
 WHERE state = 'active' AND first_due_at <= :horizon
 ORDER BY recurrence_id
"""


class NameInUse(NamedTuple):
    """A staged name that a schedule has already."""

    line: int
    name: str


def list_names_in_use(db: Database) -> Iterator[NameInUse]:
    """Yield the staged names that schedules have, in the order of their lines."""
    return db.each(NameInUse, NAMES_IN_USE)


def add_schedules(db: Database, now: int, staged: int) -> None:
    """Write the schedules, their versions and their recurrences, with the next occurrence of each.

    The transaction may check no references (`only_adds` of `writing`), so they are checked here, all at once. Each
    schedule comes with its version out of one row, and a recurrence that is not there is null, which is refused.
    Raises LookupError where a reference is to nothing.
    """
    db.execute(ADD_RECURRENCES)
    db.execute(FIND_RECURRENCES)
    added = db.execute(ADD_SCHEDULES, {"now": now, "paused": ScheduleState.PAUSED})
    versions = db.execute(ADD_VERSIONS, {"now": now})
    unknown = db.integer(UNKNOWN_WORKSPACES)
    if unknown or not added == versions == staged:
        raise LookupError(f"{staged} staged, {added} added, {versions} versions, {unknown} without a workspace")
    db.execute(WAKE_RECURRENCES)
    db.execute(ADD_USERS, {"now": now})


def add_changes(db: Database, origin: Origin, links: Sequence[bytes] | None) -> None:
    """Record the new schedules. `links`: entries of the hash chain for these changes; None: they are computed now."""
    if links is None:
        db.execute(ADD_CHANGES, origin._asdict())
    else:
        db.execute_sealed(ADD_CHANGES, origin._asdict(), links)


def has_active(db: Database) -> bool:
    """Is a staged schedule active?"""
    return db.is_true(HAS_ACTIVE)


def list_upcoming(db: Database, horizon: int) -> list[int]:
    """Return the recurrences of active staged schedules that have an occurrence up to an instant."""
    return db.integers(UPCOMING, {"horizon": horizon})
