"""Values that are on record: accounts, channels and error codes. Each is one look-up in an index.

Near values come from both sides of a value in the order of its index, so that their number does not grow with the
table.
"""

from dataclasses import dataclass

from schedbot.store.database import Database

NEIGHBOURS = 1_000


@dataclass(frozen=True, slots=True)
class IndexedColumn:
    """A column with an index. `condition` is that of a partial index."""

    table: str
    name: str
    condition: str = "true"


ACCOUNTS = IndexedColumn("schedules", "account", "state <> 'removed'")
REMOVED_ACCOUNTS = IndexedColumn("schedules", "account", "state = 'removed'")
CHANNELS = IndexedColumn("schedule_versions", "channel")
ERRORS = IndexedColumn("jobs", "error", "error IS NOT NULL")
CALENDAR_ACCOUNTS = IndexedColumn("calendars", "account")


def is_on_record(db: Database, column: IndexedColumn, value: str) -> bool:
    """Does a row have this value?"""
    return db.is_true(exists(column), {"value": value})


def exists(column: IndexedColumn) -> str:
    return f"SELECT EXISTS (SELECT 1 FROM {column.table} WHERE {column.name} = :value AND {column.condition})"


def list_neighbours(db: Database, column: IndexedColumn, value: str) -> list[str]:
    """Return values on record that sort just before and just after this value, each once."""
    sides = (("<", "DESC"), (">", "ASC"))
    return sorted({near for side, order in sides for near in db.texts(one_side(column, side, order), bind(value))})


def one_side(column: IndexedColumn, side: str, order: str) -> str:
    return (
        f"SELECT {column.name} FROM {column.table} WHERE {column.name} {side} :value AND {column.condition}"
        f" ORDER BY {column.name} {order} LIMIT :limit"
    )


def bind(value: str) -> dict[str, object]:
    return {"value": value, "limit": NEIGHBOURS}
