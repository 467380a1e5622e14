"""Active schedules by recurrence, and recurrences by their next occurrence: what comes next is read first."""

from collections.abc import Iterator
from typing import NamedTuple

from schedbot.model import Schedule
from schedbot.store.database import Database
from schedbot.store.schedules.schedules import SELECT, ScheduleRow

OF_RECURRENCE = SELECT + " WHERE s.recurrence_id = :id AND s.state = 'active'"

BY_NEXT_DUE = "SELECT id, next_due_at FROM recurrences WHERE next_due_at IS NOT NULL ORDER BY next_due_at"

# Recurrences with jobs of occurrences to come, which lie before next_due_at.
ENQUEUED_AHEAD = """
SELECT DISTINCT s.recurrence_id FROM jobs j CROSS JOIN schedules s ON s.id = j.schedule_id
 WHERE j.due_at > :now AND s.state = 'active'
"""

HAS_MORE_THAN = "SELECT EXISTS (SELECT 1 FROM schedules WHERE state = 'active' LIMIT 1 OFFSET :count)"


class NextDue(NamedTuple):
    """Id of a recurrence, and its first occurrence that is not enqueued."""

    id: int
    next_due_at: int


def list_enqueued_ahead(db: Database, now: int) -> list[int]:
    """Return the ids of active recurrences with jobs of occurrences after `now`."""
    return db.integers(ENQUEUED_AHEAD, {"now": now})


def has_more_than(db: Database, count: int) -> bool:
    """Are there more active schedules than `count`?"""
    return db.is_true(HAS_MORE_THAN, {"count": count})


def each_by_next_due(db: Database) -> Iterator[NextDue]:
    """Yield the recurrences that have a next occurrence to enqueue, in its order."""
    return db.each(NextDue, BY_NEXT_DUE)


def each_of_recurrence(db: Database, recurrence_id: int) -> Iterator[Schedule]:
    """Yield the active schedules of a recurrence."""
    return (row.to_schedule() for row in db.each(ScheduleRow, OF_RECURRENCE, {"id": recurrence_id}))
