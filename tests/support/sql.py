"""Raw reads for tests and benches: rows as tuples, in the order of the statement's columns."""

from typing import Any

from schedbot.store.database import Bindings, Database


def read_rows(db: Database, sql: str, bindings: Bindings | None = None) -> list[tuple[Any, ...]]:
    """Return all rows of one statement."""
    return list(db.select(sql, bindings).rows)


def read_row(db: Database, sql: str, bindings: Bindings | None = None) -> tuple[Any, ...] | None:
    """Return the first row, or None."""
    return next(db.select(sql, bindings).rows, None)


def read_value(db: Database, sql: str, bindings: Bindings | None = None) -> Any:
    """Return the first column of the first row, or None."""
    row = read_row(db, sql, bindings)
    return row[0] if row else None
