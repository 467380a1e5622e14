"""Schedules by name. Removed schedules keep their rows, because their jobs are looked up by name."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from schedbot.model import Schedule
from schedbot.store.database import Database
from schedbot.store.schedules.schedules import SELECT, ScheduleRow

# Two reads, because the index on names leaves out removed schedules.
IDS_BY_NAME = """
SELECT id FROM schedules WHERE name = :name AND state <> 'removed'
UNION ALL
SELECT id FROM schedules WHERE name = :name AND state = 'removed'
"""

IDS_BY_GLOB = "SELECT id FROM schedules WHERE name GLOB :glob"

# Few enough to be compared one by one.
SIMILAR = "SELECT DISTINCT name FROM schedules WHERE lower(substr(name, 1, 1)) = lower(substr(:name, 1, 1)) LIMIT 2000"

BY_NAMES = SELECT + " WHERE s.state <> 'removed' AND s.name IN (SELECT value FROM json_each(:names))"

NAMES_BY_IDS = "SELECT id, name FROM schedules WHERE id IN (SELECT value FROM json_each(:ids))"


@dataclass(frozen=True, slots=True)
class NamedSchedule:
    """Id and name of a schedule."""

    id: str
    name: str


def ids_by_name(db: Database, name: str) -> list[str]:
    """Return the ids of the schedules of that name: the present one, and removed ones."""
    return db.texts(IDS_BY_NAME, {"name": name})


def ids_by_glob(db: Database, glob: str) -> list[str]:
    """Return the ids of the schedules, removed ones too, with a name that matches a glob (`*`, `?`, `[a-z]`)."""
    return db.texts(IDS_BY_GLOB, {"glob": glob})


def similar_names(db: Database, name: str) -> list[str]:
    """Return names, of removed schedules too, that begin with the same letter."""
    return db.texts(SIMILAR, {"name": name})


def by_names(db: Database, names: Iterable[str]) -> dict[str, Schedule]:
    """Return the schedules with these names that are not removed, by name: one statement for hundreds."""
    rows = db.all(ScheduleRow, BY_NAMES, {"names": json.dumps(list(names), ensure_ascii=False)})
    return {row.schedule.name: row.to_schedule() for row in rows}


def names_by_ids(db: Database, ids: Iterable[str]) -> dict[str, str]:
    """Return the names of the schedules with these ids, removed ones too, by id."""
    rows = db.each(NamedSchedule, NAMES_BY_IDS, {"ids": json.dumps(list(ids))})
    return {row.id: row.name for row in rows}
