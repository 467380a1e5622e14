"""Is the database file whole, and is it read by an SQLite that keeps it so?"""

import apsw

from schedbot.store.database import Database
from schedbot.store.sqlite import migrations
from schedbot.store.sqlite.connection import FAULTY_VERSIONS

REPORTED_AT_MOST = 5


def damage(db: Database) -> list[str]:
    """What SQLite's own check finds wrong with the file; nothing for a whole one. Reads all of it."""
    problems = db.texts(f"PRAGMA quick_check({REPORTED_AT_MOST:d})")
    return [] if problems == ["ok"] else problems


def sqlite_version() -> str:
    """The version that is linked, as "3.54.1"."""
    return str(apsw.sqlite_lib_version())


def is_faulty_sqlite() -> bool:
    """May that version corrupt a file that two processes write?"""
    return apsw.SQLITE_VERSION_NUMBER in FAULTY_VERSIONS


def schema(db: Database) -> tuple[int, int]:
    """The number of the newest migration that the file has seen, and of the newest there is."""
    return db.schema(), migrations.newest()
