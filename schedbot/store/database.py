"""One connection to one SQLite file, and short transactions that wait their turn.

Every write transaction is immediate and takes a lock file first: SQLite's own busy handler polls, and lets some of
several writers wait for seconds. `synchronous=FULL`: what a promise hangs on is on the disk when a commit returns.
A program that is older than the file's tables writes nothing: each transaction looks at their number first.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import apsw

from schedbot import __version__
from schedbot.errors import DatabaseUnusable
from schedbot.store.sqlite import file_header, migrations, wake_fifo
from schedbot.store.sqlite.errors import DatabaseOutgrown, locked, translated
from schedbot.store.sqlite.write_lock import Turnstile

Row = tuple[Any, ...]
Bindings = Mapping[str, Any]
BUSY_MS = 60_000
# sqlite.org/wal.html, "walresetbug": two connections can corrupt the file.
FAULTY = range(3_007_000, 3_051_003)


class Database:
    """An open database. Reads see the last commit; writes happen inside `writing()`."""

    def __init__(self, connection: apsw.Connection, path: Path, knows: int, busy_ms: int) -> None:
        self._connection = connection
        self._turnstile = Turnstile(path.with_name(f"{path.name}-lock"))
        self._busy_ms = busy_ms
        self._writing = False
        self.path = path
        self.knows = knows  # the newest schema that this program knows

    def rows(self, sql: str, bindings: Bindings | None = None) -> list[Row]:
        """All rows of one statement."""
        with self._translated():
            return self._connection.execute(sql, bindings).fetchall()

    def row(self, sql: str, bindings: Bindings | None = None) -> Row | None:
        """The first row, or None."""
        with self._translated():
            found: Row | None = self._connection.execute(sql, bindings).fetchone()
            return found

    def value(self, sql: str, bindings: Bindings | None = None) -> Any:
        """The first column of the first row, or None."""
        found = self.row(sql, bindings)
        return found[0] if found else None

    def stream(self, sql: str, bindings: Bindings | None = None) -> Iterator[Row]:
        """The rows one by one, for what may be long."""
        with self._translated():
            yield from self._connection.execute(sql, bindings)

    def execute(self, sql: str, bindings: Bindings | None = None) -> int:
        """Run one statement inside `writing()`. Returns how many rows it changed."""
        if not self._writing:
            raise RuntimeError("a statement that writes must stand inside writing()")
        with translated(self.path):
            self._connection.execute(sql, bindings).fetchall()
            return self._connection.changes()

    def execute_each(self, sql: str, rows: Iterable[Bindings]) -> None:
        """Run one statement for each of `rows` inside `writing()`: for many, a third of the cost of `execute`."""
        if not self._writing:
            raise RuntimeError("a statement that writes must stand inside writing()")
        with translated(self.path):
            self._connection.executemany(sql, rows)

    @contextmanager
    def writing(self, outgrown: bool = False) -> Iterator[None]:
        """One immediate transaction: committed whole at the end, or not at all.

        Raises DatabaseOutgrown when a newer program has changed the tables, unless `outgrown` says to try it all the
        same: to end what was begun before.
        """
        if self._writing:
            raise RuntimeError("a transaction is open already")
        with self._translated():
            if not self._turnstile.enter(self._busy_ms):
                raise locked(self.path)
            try:
                # IMMEDIATE, so that it waits at the start and not half-way.
                self._connection.execute("BEGIN IMMEDIATE")
                self._writing = True
                if not outgrown:
                    self._refuse_newer()
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
            finally:
                self._writing = False
                self._turnstile.leave()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """The driver's errors in words. A statement that the tables no longer fit tells that they are newer."""
        with translated(self.path):
            try:
                yield
            except apsw.SQLError:
                self._refuse_newer()
                raise

    def _refuse_newer(self) -> None:
        seen = int(str(self._connection.execute("PRAGMA user_version").fetchall()[0][0]))
        if seen > self.knows:
            raise newer(self.path, seen, self.knows)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Several reads that see one and the same commit. Inside a transaction they do already."""
        if self._connection.in_transaction:
            yield
            return
        with translated(self.path):
            self._connection.execute("BEGIN")
            try:
                yield
            finally:
                # A stream that nobody reads to its end may outlive the database.
                with suppress(apsw.ConnectionClosedError):
                    self._connection.execute("COMMIT")

    def schema(self) -> int:
        """The number of the newest migration that the file has seen."""
        return int(self.value("PRAGMA user_version"))

    def wake(self) -> None:
        """Tell waiting pools that there is something to claim."""
        wake_fifo.poke(self.path)

    def close(self) -> None:
        self._connection.close()
        self._turnstile.close()


Begin = Callable[[Database], None]


def open_database(path: Path, busy_ms: int = BUSY_MS, scripts: Path = migrations.FOLDER) -> Database:
    """Open the database at `path`, its tables brought up to date by the migrations in `scripts`.

    It waits for other programs `busy_ms` at most. Raises DatabaseUnusable.
    """
    with translated(path):
        refuse_what_is_no_file(path)
    return connected(path, busy_ms, scripts)


def refuse_what_is_no_file(path: Path) -> None:
    """An empty file counts as none: SQLite would take it for a database without tables."""
    refuse_folder(path)
    if not path.is_file():
        raise DatabaseUnusable(
            f"There is no database at '{path}'.", "Make one with 'schedbot init', or name another with --database."
        )
    if path.stat().st_size == 0:
        raise DatabaseUnusable(
            f"The file '{path}' is empty.", "Make it a database with 'schedbot init', or name another with --database."
        )


def refuse_folder(path: Path) -> None:
    if path.is_dir():
        raise DatabaseUnusable(f"'{path}' is a folder.", "Name the database's file with --database.")


def create_database(path: Path, installation: str, now: int, also: Begin | None = None) -> Database:
    """Make the database at `path`, readable by its owner alone. One that is there already is kept as it is.

    Tables, installation and what `also` writes come in one transaction: no file is ever without a name for its posts.
    """
    with translated(path):
        refuse_folder(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))

    def begin(database: Database) -> None:
        sql = "INSERT INTO installation (id, created_at) SELECT :id, :now WHERE NOT EXISTS (SELECT 1 FROM installation)"
        database.execute(sql, {"id": installation, "now": now})
        if also:
            also(database)

    return connected(path, BUSY_MS, migrations.FOLDER, begin)


def connected(path: Path, busy_ms: int, scripts: Path, begin: Begin | None = None) -> Database:
    refuse_faulty_sqlite(apsw.SQLITE_VERSION_NUMBER)
    with translated(path):
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
        connection.set_busy_timeout(busy_ms)
        # A statement's plan depends on its text alone: it is planned once, not for each new value.
        connection.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)
        file_header.check_ours(connection, path, scripts)
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = FULL")
        database = Database(connection, path, migrations.newest(scripts), busy_ms)
    bring_up_to_date(database, connection, scripts, begin)
    return database


def bring_up_to_date(
    database: Database, connection: apsw.Connection, scripts: Path, begin: Begin | None = None
) -> None:
    """Run the migrations that the file has not seen, each with its number, and `begin`, all in one transaction."""
    seen = database.schema()
    if seen > database.knows:
        raise newer(database.path, seen, database.knows)
    if seen == database.knows and not begin:
        return
    if seen < database.knows:
        with translated(database.path):
            connection.execute("PRAGMA journal_mode = WAL").fetchall()
    with database.writing():
        seen = database.schema()
        for number, script in migrations.after(seen, scripts):
            for _ in connection.execute(script):
                pass
            database.execute(f"PRAGMA user_version = {number:d}")
        database.execute(f"PRAGMA application_id = {migrations.APPLICATION_ID:d}")
        if begin:
            begin(database)


def newer(path: Path, seen: int, knows: int) -> DatabaseOutgrown:
    return DatabaseOutgrown(
        f"'{path}' was written by a newer schedbot: its schema is {seen}, schedbot {__version__} knows {knows}.",
        "Use the newer version, or restore a backup from before it.",
    )


def refuse_faulty_sqlite(version: int) -> None:
    """A pool beside a tick is just what corrupts a file under these versions: no database is opened with them."""
    if version in FAULTY:
        told = f"{version // 1_000_000}.{version // 1000 % 1000}.{version % 1000}"
        raise DatabaseUnusable(f"SQLite {told} can corrupt the database.", "Install apsw 3.51.3 or newer.")
