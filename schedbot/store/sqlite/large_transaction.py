"""Transactions of a million rows: more memory, no checkpoint while other writers wait; and temporary tables."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import apsw

CACHE_KIB = 262_144  # the indexes of a million new schedules; with less, their pages are written again and again
NO_CHECKPOINT = 0  # wal_autocheckpoint: no commit copies the write-ahead log into the database


@contextmanager
def large_transaction(connection: apsw.Connection, only_adds: bool) -> Iterator[None]:
    """Set up the block's transaction. What it wrote is copied into the database after it, while others write again.

    `only_adds`: SQLite does not look up each reference of each row, which is an eighth of the time.
    """
    connection.execute(f"PRAGMA foreign_keys = {not only_adds:d}").fetchall()
    cache, pages = read(connection, "cache_size"), read(connection, "wal_autocheckpoint")
    connection.execute(f"PRAGMA cache_size = -{CACHE_KIB:d}").fetchall()
    connection.execute(f"PRAGMA wal_autocheckpoint = {NO_CHECKPOINT:d}").fetchall()
    try:
        yield
        with suppress(apsw.Error):  # the rows are committed; a later commit copies them
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
    finally:
        connection.execute("PRAGMA foreign_keys = ON").fetchall()
        connection.execute(f"PRAGMA wal_autocheckpoint = {pages:d}").fetchall()
        connection.execute(f"PRAGMA cache_size = {cache:d}").fetchall()


@contextmanager
def temporary_transaction(connection: apsw.Connection) -> Iterator[None]:
    """Write temporary tables in one go. The transaction locks nothing in the database itself."""
    if connection.in_transaction:
        yield
        return
    connection.execute("BEGIN")
    try:
        yield
    finally:
        connection.execute("COMMIT")


def read(connection: apsw.Connection, pragma: str) -> int:
    """Return the value of a setting."""
    return int(str(connection.execute(f"PRAGMA {pragma}").fetchall()[0][0]))
