"""Active schedules by recurrence, and recurrences by their next occurrence: what comes next is read first."""

from collections.abc import Iterator
from typing import NamedTuple

from schedbot.store.database import Database
from schedbot.store.schedules.shared_calendars import HAS_SHARED

FIRST_PAGE = 1

OF_RECURRENCE = f"""
SELECT s.id, s.name, max(s.effective_at, coalesce(v.starts_at, 0) - 1) AS starts_after, v.until_at,
       v.skip_holidays <> '' OR v.send_window <> '' OR v.blackout <> '' OR {HAS_SHARED} AS has_calendar
  FROM schedules s JOIN schedule_versions v ON v.schedule_id = s.id AND v.version = s.version
 WHERE s.recurrence_id = :id AND s.state = 'active' AND s.name > :after
 ORDER BY s.name LIMIT :limit
"""

IN_USE = """
SELECT r.id FROM recurrences r
 WHERE EXISTS (SELECT 1 FROM schedules s WHERE s.recurrence_id = r.id AND s.state = 'active')
"""

BY_NEXT_DUE = "SELECT id, next_due_at FROM recurrences WHERE next_due_at IS NOT NULL ORDER BY next_due_at"

# Recurrences with jobs of occurrences to come, which lie before next_due_at.
ENQUEUED_AHEAD = "SELECT id FROM recurrences WHERE last_due_at IS NOT NULL AND last_due_at > :now"

HAS_MORE_THAN = "SELECT EXISTS (SELECT 1 FROM schedules WHERE state = 'active' LIMIT 1 OFFSET :count)"


class NextDue(NamedTuple):
    """Id of a recurrence, and its first occurrence that is not enqueued."""

    id: int
    next_due_at: int


class ActiveSchedule(NamedTuple):
    """Schedule with the instant after which it has occurrences, and its last instant; None: it has no end."""

    id: str
    name: str
    starts_after: int
    until_at: int | None
    has_calendar: bool


def list_enqueued_ahead(db: Database, now: int) -> list[int]:
    """Return the ids of active recurrences with jobs of occurrences after `now`."""
    return db.integers(ENQUEUED_AHEAD, {"now": now})


def has_more_than(db: Database, count: int) -> bool:
    """Are there more active schedules than `count`?"""
    return db.is_true(HAS_MORE_THAN, {"count": count})


def each_by_next_due(db: Database) -> Iterator[NextDue]:
    """Yield the recurrences that have a next occurrence to enqueue, in its order."""
    return db.each(NextDue, BY_NEXT_DUE)


def list_in_use(db: Database) -> list[int]:
    """Return the ids of the recurrences of active schedules."""
    return db.integers(IN_USE)


def each_by_name(db: Database, recurrence_id: int, most: int) -> Iterator[ActiveSchedule]:
    """Yield the active schedules of a recurrence by name. A read takes one at first, and at most `most`."""
    after, limit = "", FIRST_PAGE
    while page := db.all(ActiveSchedule, OF_RECURRENCE, {"id": recurrence_id, "after": after, "limit": limit}):
        yield from page
        if len(page) < limit:
            return
        after, limit = page[-1].name, min(2 * limit, most)
