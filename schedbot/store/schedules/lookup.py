"""Which schedules were ever called so: what is removed keeps its rows, and its jobs are asked for by its name."""

import json
from collections.abc import Iterable

from schedbot.model import Schedule
from schedbot.store.database import Database
from schedbot.store.schedules.schedules import SELECT, schedule

# Two reads, because the index on names leaves out what is removed.
EXACTLY = """
SELECT id FROM schedules WHERE name = :name AND state <> 'removed'
UNION ALL
SELECT id FROM schedules WHERE name = :name AND state = 'removed'
"""

LIKE = "SELECT id FROM schedules WHERE name GLOB :glob"

# Few enough to be compared one by one.
NEAR = "SELECT DISTINCT name FROM schedules WHERE lower(substr(name, 1, 1)) = lower(substr(:name, 1, 1)) LIMIT 2000"

CALLED = SELECT + " WHERE s.state <> 'removed' AND s.name IN (SELECT value FROM json_each(:names))"


def exactly(db: Database, name: str) -> list[str]:
    """The ids of the schedules of that name: the one that is there, and those that were removed."""
    return [row[0] for row in db.rows(EXACTLY, {"name": name})]


def like(db: Database, glob: str) -> list[str]:
    """The ids of the schedules, removed ones too, whose name fits a glob (`*`, `?`, `[a-z]`)."""
    return [row[0] for row in db.rows(LIKE, {"glob": glob})]


def near(db: Database, name: str) -> list[str]:
    """Names that begin with the same letter, to find the one that was meant."""
    return [row[0] for row in db.rows(NEAR, {"name": name})]


def by_names(db: Database, names: Iterable[str]) -> dict[str, Schedule]:
    """Return the schedules with these names that are not removed, by name: one statement for hundreds."""
    rows = db.rows(CALLED, {"names": json.dumps(list(names), ensure_ascii=False)})
    return {found.name: found for found in map(schedule, rows)}
