"""One connection to one SQLite file, and short transactions that wait their turn.

Every write transaction is immediate and takes a lock file first: SQLite's own busy handler polls, and lets some of
several writers wait for seconds. `synchronous=FULL`: what a promise hangs on is on the disk when a commit returns.
"""

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw

from schedbot.errors import BadInput, DatabaseUnusable, SchedbotError
from schedbot.store import migrations, wakeup

Row = tuple[Any, ...]
Bindings = Mapping[str, Any]
BUSY_MS = 60_000
# sqlite.org/wal.html, "walresetbug": two connections can corrupt the file.
FAULTY = range(3_007_000, 3_051_003)


class Database:
    """An open database. Reads see the last commit; writes happen inside `writing()`."""

    def __init__(self, connection: apsw.Connection, path: Path) -> None:
        self._connection = connection
        self._lock = os.open(f"{path}-lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._writing = False
        self.path = path

    def rows(self, sql: str, bindings: Bindings | None = None) -> list[Row]:
        """All rows of one statement."""
        with translated(self.path):
            return self._connection.execute(sql, bindings).fetchall()

    def row(self, sql: str, bindings: Bindings | None = None) -> Row | None:
        """The first row, or None."""
        with translated(self.path):
            found: Row | None = self._connection.execute(sql, bindings).fetchone()
            return found

    def value(self, sql: str, bindings: Bindings | None = None) -> Any:
        """The first column of the first row, or None."""
        found = self.row(sql, bindings)
        return found[0] if found else None

    def stream(self, sql: str, bindings: Bindings | None = None) -> Iterator[Row]:
        """The rows one by one, for what may be long."""
        with translated(self.path):
            yield from self._connection.execute(sql, bindings)

    def execute(self, sql: str, bindings: Bindings | None = None) -> int:
        """Run one statement inside `writing()`. Returns how many rows it changed."""
        if not self._writing:
            raise RuntimeError("a statement that writes must stand inside writing()")
        with translated(self.path):
            self._connection.execute(sql, bindings).fetchall()
            return self._connection.changes()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One immediate transaction: committed whole at the end, or not at all."""
        if self._writing:
            raise RuntimeError("a transaction is open already")
        with translated(self.path):
            fcntl.flock(self._lock, fcntl.LOCK_EX)
            try:
                # IMMEDIATE, so that it waits at the start and not half-way.
                self._connection.execute("BEGIN IMMEDIATE")
                self._writing = True
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
            finally:
                self._writing = False
                fcntl.flock(self._lock, fcntl.LOCK_UN)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Several reads that see one and the same commit."""
        with translated(self.path):
            self._connection.execute("BEGIN")
            try:
                yield
            finally:
                self._connection.execute("COMMIT")

    def schema(self) -> int:
        """The number of the newest migration that the file has seen."""
        return int(self.value("PRAGMA user_version"))

    def wake(self) -> None:
        """Tell waiting pools that there is something to claim."""
        wakeup.poke(self.path)

    def close(self) -> None:
        self._connection.close()
        os.close(self._lock)


def open_database(path: Path, busy_ms: int = BUSY_MS) -> Database:
    """Open the database at `path`, its tables brought up to date. Raises DatabaseUnusable."""
    if not path.is_file():
        raise DatabaseUnusable(
            f"There is no database at '{path}'.", "Make one with 'schedbot init', or name another with --database."
        )
    return connected(path, apsw.SQLITE_OPEN_READWRITE, busy_ms)


def create_database(path: Path, installation: str, now: int) -> Database:
    """Make the database at `path`, readable by its owner alone. One that is there already is kept as it is."""
    with translated(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    database = connected(path, apsw.SQLITE_OPEN_READWRITE, BUSY_MS)
    with database.writing():
        database.execute(
            "INSERT INTO installation (id, created_at) SELECT :id, :now WHERE NOT EXISTS (SELECT 1 FROM installation)",
            {"id": installation, "now": now},
        )
    return database


def connected(path: Path, flags: int, busy_ms: int) -> Database:
    refuse_faulty_sqlite(apsw.SQLITE_VERSION_NUMBER)
    with translated(path):
        connection = apsw.Connection(str(path), flags=flags)
        connection.set_busy_timeout(busy_ms)
        check_ours(connection, path)
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = FULL")
        database = Database(connection, path)
    bring_up_to_date(database, connection)
    return database


def check_ours(connection: apsw.Connection, path: Path) -> None:
    """Refuse another program's file before anything is written to it."""
    application = connection.execute("PRAGMA application_id").fetchall()[0][0]
    tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchall()[0][0]
    if application != migrations.APPLICATION_ID and tables:
        raise DatabaseUnusable(
            f"'{path}' is the database of another program.",
            "Name schedbot's own with --database, or make one: 'schedbot init'.",
        )


def bring_up_to_date(database: Database, connection: apsw.Connection) -> None:
    """Run the migrations that the file has not seen, each in a transaction with its number."""
    newest, seen = migrations.newest(), database.schema()
    if seen > newest:
        raise DatabaseUnusable(
            f"'{database.path}' was written by a newer schedbot (schema {seen}; this one knows {newest}).",
            "Use that version, or restore a backup from before it.",
        )
    if seen == newest:
        return
    with translated(database.path):
        connection.execute("PRAGMA journal_mode = WAL").fetchall()
    with database.writing():
        seen = database.schema()
        for number, script in migrations.after(seen):
            for _ in connection.execute(script):
                pass
            database.execute(f"PRAGMA user_version = {number:d}")
        database.execute(f"PRAGMA application_id = {migrations.APPLICATION_ID:d}")


def refuse_faulty_sqlite(version: int) -> None:
    """A pool beside a tick is just what corrupts a file under these versions: no database is opened with them."""
    if version in FAULTY:
        told = f"{version // 1_000_000}.{version // 1000 % 1000}.{version % 1000}"
        raise DatabaseUnusable(f"SQLite {told} can corrupt the database.", "Install apsw 3.51.3 or newer.")


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """The driver's and the system's errors, said as what they mean for a person."""
    try:
        yield
    except apsw.Error as error:
        told = meaning(error, path)
        if told is None:
            raise
        raise told from None
    except OSError as error:
        raise DatabaseUnusable(
            f"The database '{path}' cannot be used: {error.strerror}.", "See to it, then try again."
        ) from None


def meaning(error: apsw.Error, path: Path) -> SchedbotError | None:
    """What an error of SQLite says about the file, or None where the defect is ours."""
    match error:
        case apsw.BusyError() | apsw.LockedError():
            return DatabaseUnusable(
                f"The database '{path}' is locked by another program.", "Close that program, then try again."
            )
        case apsw.ReadOnlyError() | apsw.PermissionsError() | apsw.AuthError():
            return DatabaseUnusable(
                f"The database '{path}' is read-only.",
                "Give the user that runs schedbot the right to write the file and its folder.",
            )
        case apsw.FullError():
            return DatabaseUnusable(
                f"The disk that holds '{path}' is full.", "Make room, then try again; nothing was half written."
            )
        case apsw.NotADBError():
            return DatabaseUnusable(f"'{path}' is not an SQLite database.", "Name schedbot's own with --database.")
        case apsw.CorruptError():
            return DatabaseUnusable(
                f"The database '{path}' is damaged.", "Restore a backup, or see sqlite.org/recovery.html."
            )
        case apsw.CantOpenError():
            return DatabaseUnusable(
                f"The database '{path}' cannot be opened.", "See who may read and write it and its folder."
            )
        case apsw.IOError():
            return DatabaseUnusable(
                f"The disk that holds '{path}' fails.", "See to the disk; then 'PRAGMA integrity_check'."
            )
        case apsw.TooBigError():
            return BadInput("A value is too long to be stored.", "Shorten it to less than a million characters.")
    return None
