"""Compute next_due_at again when the time zone data changes, and record the change for each schedule that moves.

Overdue occurrences and enqueued jobs stay as they are. An instant that was given as such (`--at`) does not depend on
time zone data, unless a holiday moves it. Safe to repeat: after an interruption the next run finds the moved ones in
place. Instants are UTC milliseconds.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from schedbot import times
from schedbot.model import Recurrence
from schedbot.rules import recurrence as rules
from schedbot.store.database import Database
from schedbot.store.schedules import due_soon
from schedbot.store.schedules.job_days import ON_ANY_DAY
from schedbot.store.schedules.recurrences import rule_columns

NOT_ENQUEUED = f"""
SELECT r.id, {rule_columns("rule")}, r.next_due_at FROM recurrences r
 WHERE r.next_due_at > :now AND (r.kind <> 'once' OR r.holidays_before <> '')
"""

# An occurrence that was skipped in advance is not before next_due_at.
LAST_ENQUEUED = f"""
SELECT max(max(coalesce((SELECT j.due_at FROM jobs j
                          WHERE j.{ON_ANY_DAY} AND j.schedule_id = s.id AND j.due_at < :next_due_at
                            AND j.kind = 'scheduled'
                          ORDER BY j.day DESC, j.due_at DESC LIMIT 1), 0),
               coalesce((SELECT max(m.last_due_at) FROM missed_spans m
                          WHERE m.schedule_id = s.id AND m.last_due_at < :next_due_at), 0)))
  FROM schedules s WHERE s.recurrence_id = :id AND s.state = 'active'
"""

MOVE = "UPDATE recurrences SET next_due_at = :after WHERE id = :id AND next_due_at = :before"

# A skipped occurrence stays skipped at its new instant.
MOVE_SKIPPED = """
UPDATE OR IGNORE jobs SET due_at = :after
 WHERE due_at = :before AND state = 'skipped'
   AND schedule_id IN (SELECT id FROM schedules WHERE recurrence_id = :id AND state = 'active')
"""

RECORD = """
INSERT INTO changes (changed_at, actor, command, workspace_id, kind, object_id, name, before, after)
SELECT :now, 'schedbot tick', 'tick', workspace_id, 'schedule', id, name,
       json_object('next_due_at', :due_before, 'zone_data', :data_before),
       json_object('next_due_at', :due_after, 'zone_data', :data_after)
  FROM schedules WHERE recurrence_id = :id AND state = 'active' ORDER BY name
"""

SET_DATA = "UPDATE installation SET zone_data = :version"


@dataclass(frozen=True, slots=True)
class ScheduledRecurrence:
    """A recurrence with its next occurrence."""

    id: int
    rule: Recurrence
    next_due_at: int


@dataclass(frozen=True, slots=True)
class NextDueMove:
    """A recurrence whose next occurrence is another instant by the new data. `after` None: it has none any more."""

    id: int
    before: int
    after: int | None


def update_next_due(db: Database, now: int) -> None:
    """Compute next_due_at by the time zone data in use. One small read if the data is the same."""
    version, _ = times.zone_data_version()
    before = due_soon.get_zone_data(db)
    if before == version:
        return
    moves = list(find_moves(db, now))  # outside of the transaction, because they may be many
    with db.writing():
        for move in moves:
            move_recurrence(db, move, now, before, version)
        db.execute(SET_DATA, {"version": version})


def find_moves(db: Database, now: int) -> Iterator[NextDueMove]:
    """Yield the recurrences whose next occurrence moves."""
    for recurrence in db.all(ScheduledRecurrence, NOT_ENQUEUED, {"now": now}):
        after = find_next_due(db, recurrence, now)
        if after != recurrence.next_due_at:
            yield NextDueMove(recurrence.id, recurrence.next_due_at, after)


def find_next_due(db: Database, recurrence: ScheduledRecurrence, now: int) -> int | None:
    """Return the first future occurrence by the new data that is not enqueued, under its old instant either."""
    rule, before = recurrence.rule, recurrence.next_due_at
    first = rules.next_after(rule, now)
    if first == before:
        return first
    last = db.integer_or_none(LAST_ENQUEUED, {"id": recurrence.id, "next_due_at": before}) or None
    upcoming = list(islice(rules.between(rule, max(now, last or now), before + (before - now)), 2))
    if not upcoming:
        return rules.next_after(rule, max(now, last or now))
    # Today's nine o'clock was posted by the old data and is an hour later by the new data: it is not posted twice.
    if last is not None and len(upcoming) > 1 and 2 * (upcoming[0] - last) < before - last:
        return upcoming[1]
    return upcoming[0]


def move_recurrence(db: Database, move: NextDueMove, now: int, data_before: str | None, data_after: str) -> None:
    instants = {"id": move.id, "before": move.before, "after": move.after}
    if db.execute(MOVE, instants) != 1:
        return  # another tick enqueued it meanwhile
    if move.after is not None:
        db.execute(MOVE_SKIPPED, instants)
    due_after = None if move.after is None else times.to_rfc3339(move.after)
    due = {"due_before": times.to_rfc3339(move.before), "due_after": due_after}
    db.execute(RECORD, {**due, "id": move.id, "now": now, "data_before": data_before, "data_after": data_after})
