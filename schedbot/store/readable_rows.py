"""Rows of jobs by their ids, where a row that cannot be read keeps no other from being read.

A value may be foreign to this program: written by hand, by another program, or in a damaged file.
"""

import json
from typing import TypeVar

from schedbot import log
from schedbot.store.database import Bindings, Database

T = TypeVar("T")

# Raised for a value that is no JSON, no UTF-8, no member of an enum, of another type, or nested too deeply.
UNREADABLE = (ValueError, LookupError, TypeError, RecursionError)


def read_by_ids(db: Database, kind: type[T], sql: str, ids: list[int], bindings: Bindings | None = None) -> list[T]:
    """Return the rows of `sql` for the JSON list `:ids`. A row that cannot be read is left out and logged."""
    try:
        return db.all(kind, sql, {**(bindings or {}), "ids": json.dumps(ids)})
    except UNREADABLE as error:
        if len(ids) == 1:
            log.failure("read_job", error, job=ids[0])
            return []
    middle = len(ids) // 2
    halves = (ids[:middle], ids[middle:])
    return [row for half in halves for row in read_by_ids(db, kind, sql, half, bindings)]
