"""States of schedules by the record of changes, for the comparison with the occurrences on record.

Nothing else decides by them: the present state of a schedule is in its row. Instants are UTC milliseconds.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from schedbot.model import ScheduleState
from schedbot.store.database import Database

STATES = """
SELECT s.id AS schedule_id, c.id AS change, c.changed_at, c.after ->> 'state' AS state,
       c.after ->> 'paused_until' AS paused_until, c.after ->> 'version' AS version
  FROM schedules s CROSS JOIN changes c ON c.kind = 'schedule' AND c.object_id = s.id
 WHERE {selected} AND c.after ->> 'state' IS NOT NULL
 ORDER BY s.id, c.id
"""

STATES_OF_ALL = """
SELECT 'all' AS schedule_id, id AS change, changed_at, after ->> 'state' AS state,
       after ->> 'paused_until' AS paused_until, NULL AS version
  FROM changes WHERE kind = 'installation' AND object_id = 'all' ORDER BY id
"""

CLOCK_CORRECTIONS = """
SELECT id AS change, changed_at, before ->> 'clock_ms' AS ahead_at
  FROM changes WHERE kind = 'installation' AND object_id = 'clock' ORDER BY id
"""


@dataclass(slots=True)
class StateRow:
    """State of a schedule after a change, or of all. `paused_until`: RFC 3339, end of a timed pause."""

    schedule_id: str
    change: int
    changed_at: int
    state: ScheduleState
    paused_until: str | None
    version: int | None


@dataclass(frozen=True, slots=True)
class ClockCorrection:
    """A clock that was set back, from `ahead_at` to `changed_at`: changes with an earlier number may be dated later."""

    change: int
    changed_at: int
    ahead_at: int


def list_states(db: Database, ids: Sequence[str] | None) -> Iterator[StateRow]:
    """Yield the recorded states of each schedule (None: all), by its id, in the order of the changes."""
    return db.each(StateRow, select_schedules(STATES, ids), {"ids": json.dumps(ids)})


def select_schedules(sql: str, ids: Sequence[str] | None) -> str:
    """Return a statement with its condition {selected} on schedules `s`: all, or those in the JSON array :ids."""
    return sql.format(selected="true" if ids is None else "s.id IN (SELECT value FROM json_each(:ids))")


def list_states_of_all(db: Database) -> list[StateRow]:
    """Return the pauses and resumes of all schedules, in the order of the changes."""
    return db.all(StateRow, STATES_OF_ALL)


def list_clock_corrections(db: Database) -> list[ClockCorrection]:
    """Return the corrections after a clock that was ahead."""
    return db.all(ClockCorrection, CLOCK_CORRECTIONS)
