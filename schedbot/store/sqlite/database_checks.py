"""Integrity of the database file, and of the SQLite library that reads it."""

import apsw

from schedbot.store.database import Database
from schedbot.store.sqlite import migrations
from schedbot.store.sqlite.faulty_versions import FAULTY_VERSIONS

MAX_PROBLEMS = 5
NO_INSTALLATION = "its row in the table installation was removed"


def list_damage(db: Database) -> list[str]:
    """Return the first problems that SQLite finds in the file; none for an intact file. It reads the whole file.

    A missing row in `installation` is damage too.
    """
    problems = db.texts(f"PRAGMA quick_check({MAX_PROBLEMS:d})")
    if problems == ["ok"]:
        problems = [] if db.is_true("SELECT EXISTS (SELECT 1 FROM installation)") else [NO_INSTALLATION]
    return problems


def sqlite_version() -> str:
    """Return the version of the linked SQLite library, as "3.54.1"."""
    return str(apsw.sqlite_lib_version())


def is_faulty_sqlite() -> bool:
    """Can this version of SQLite corrupt a file that two processes write?"""
    return apsw.SQLITE_VERSION_NUMBER in FAULTY_VERSIONS


def schema_numbers(db: Database) -> tuple[int, int]:
    """Return the schema's number in the file, and that of the newest migration of this program."""
    return db.schema(), migrations.newest()
