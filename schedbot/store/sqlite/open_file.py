"""Open and create database files: one connection each, with the tables of this program."""

import os
from collections.abc import Callable
from pathlib import Path

import apsw

from schedbot.errors import DatabaseUnusable
from schedbot.file_access import make_folder
from schedbot.store.database import Database
from schedbot.store.sqlite import application_id, faulty_versions, migrations, reader
from schedbot.store.sqlite.companion_files import remove_database
from schedbot.store.sqlite.connection import SqliteDatabase
from schedbot.store.sqlite.errors import translated
from schedbot.store.sqlite.location import refuse_folder, refuse_missing

EMPTY_BYTES = 4_096  # of a file without tables
BUSY_MS = 60_000
# A tick writes rows all over the indexes: with the default of 2 MB it reads the same pages again and again.
CACHE_KIB = 65_536
# A checkpoint writes each page once, however many commits have written it: the default, 4 MB, is a few of a pool.
CHECKPOINT_PAGES = 4_000
STATEMENTS = 512  # in the cache, the most of apsw: each row of executemany takes a place of its own


def open_file(path: Path, busy_ms: int = BUSY_MS, scripts: Path = migrations.FOLDER) -> SqliteDatabase:
    """Open the database at `path`, and bring its tables up to date by the migrations in `scripts`.

    It waits for other programs `busy_ms` at most. Raises DatabaseUnusable.
    """
    with translated(path):
        refuse_missing(path)
    return connect(path, busy_ms, scripts)


def create_file(
    path: Path, installation: str, now: int, also: Callable[[Database], None] | None = None
) -> SqliteDatabase:
    """Make the database at `path`, readable by its owner alone. One that exists already is kept as it is.

    Tables, installation and the rows of `also` come in one transaction: no file is ever without a name for its posts.
    A file that cannot be filled is removed.
    """
    with translated(path):
        refuse_folder(path)
        make_folder(path.parent)
        is_new = not path.exists()
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))

    def begin(database: Database) -> None:
        sql = "INSERT INTO installation (id, created_at) SELECT :id, :now WHERE NOT EXISTS (SELECT 1 FROM installation)"
        database.execute(sql, {"id": installation, "now": now})
        if also:
            also(database)

    try:
        return connect(path, BUSY_MS, migrations.FOLDER, begin)
    except DatabaseUnusable:
        if is_new and path.stat().st_size <= EMPTY_BYTES:
            remove_database(path)
        raise


def connect(path: Path, busy_ms: int, scripts: Path, begin: Callable[[Database], None] | None = None) -> SqliteDatabase:
    faulty_versions.refuse_faulty_sqlite(apsw.SQLITE_VERSION_NUMBER)
    with translated(path):
        connection, stamp = open_connection(path)
        connection.set_busy_timeout(busy_ms)
        application_id.refuse_other_programs(connection, path)
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES:d}").fetchall()
        connection.execute(f"PRAGMA cache_size = -{CACHE_KIB:d}")
        database = SqliteDatabase(connection, path, migrations.newest(scripts), busy_ms)
        database._stamp = stamp
        database.plan_once()
    database.run_migrations(scripts, begin)
    database.start_sealing()
    return database


def open_connection(path: Path) -> tuple[apsw.Connection, reader.Stamp | None]:
    """Return a connection, and the stamp of a file that this user may only read."""
    if reader.is_reader(path):
        return reader.connect(path)
    return apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE, statementcachesize=STATEMENTS), None
