"""Schedules of a sync's source: those that the sync added, and that it changes and removes."""

from schedbot.store.database import Database

NAMES = "SELECT name FROM schedules WHERE source = :source AND state <> 'removed'"


def list_names(db: Database, source: str) -> list[str]:
    """Return the names of a source's schedules that are not removed."""
    return db.texts(NAMES, {"source": source})
