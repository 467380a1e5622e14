"""Schedules of a sync's source: those that the sync added, and that it changes and removes."""

from schedbot.store.database import Database

NAMES = "SELECT name FROM schedules WHERE source = :source AND state <> 'removed'"

LAST_CHANGE = "SELECT max(id) FROM changes"

CHANGED_SINCE = """
SELECT DISTINCT s.name
  FROM changes c JOIN schedules s ON s.id = c.object_id
 WHERE c.id > :change AND c.kind = 'schedule' AND s.source = :source
 ORDER BY s.name
"""


def list_names(db: Database, source: str) -> list[str]:
    """Return the names of a source's schedules that are not removed."""
    return db.texts(NAMES, {"source": source})


def last_change(db: Database) -> int:
    """Return the number of the newest change on record; 0 if there is none."""
    return db.integer_or_none(LAST_CHANGE) or 0


def list_changed_since(db: Database, source: str, change: int) -> list[str]:
    """Return the names of a source's schedules that were changed, added or removed after a change."""
    return db.texts(CHANGED_SINCE, {"source": source, "change": change})
