"""One connection to one SQLite file: statements, migrations, transactions.

Every write transaction is immediate and takes a lock file first: SQLite's own busy handler polls, and lets some of
several writers wait for seconds. `synchronous=FULL`: a commit is on the disk when it returns. A program that is older
than the file's tables, or whose file was deleted or replaced, writes nothing: each transaction looks for that first.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import cast

import apsw

from schedbot.errors import DatabaseUnusable
from schedbot.store.database import Bindings, Database, Result
from schedbot.store.row_factory import Value
from schedbot.store.sqlite import chain_seal, migrations, reader, wake_fifo
from schedbot.store.sqlite.errors import Translation, locked, newer, read_only, translated
from schedbot.store.sqlite.large_transaction import large_transaction, temporary_transaction
from schedbot.store.sqlite.location import find_file, refuse_lost
from schedbot.store.sqlite.write_lock import WriteLock

IN_MEMORY = 2  # temp_store
OUTSIDE_WRITING = "a statement that writes runs inside writing()"


class SqliteDatabase(Database):
    """An open database file."""

    def __init__(self, connection: apsw.Connection, path: Path, known_schema: int, busy_ms: int) -> None:
        self._connection = connection
        self._file = find_file(path)
        self._write_lock = WriteLock(path.with_name(f"{path.name}-lock"), path)
        self._stamp: reader.Stamp | None = None
        self._busy_ms = busy_ms
        self._is_writing = False
        self._seals = False
        self.path = path
        self.known_schema = known_schema

    def select(self, sql: str, bindings: Bindings | None = None) -> Result:
        with self._translated():
            columns, cursor = self._start(sql, bindings)
        return Result(columns, self._rows(cursor))

    def select_all(
        self, sql: str, bindings: Bindings | None = None
    ) -> tuple[tuple[str, ...], Sequence[tuple[Value, ...]]]:
        with self._translated():
            columns, cursor = self._start(sql, bindings)
            return columns, cast("list[tuple[Value, ...]]", cursor.fetchall())

    def _start(self, sql: str, bindings: Bindings | None) -> tuple[tuple[str, ...], apsw.Cursor]:
        """Start a statement. Return its columns; none if it has no rows, and has ended."""
        cursor = self._connection.execute(sql, _driver_bindings(bindings))
        try:
            return tuple(name for name, _ in cursor.get_description()), cursor
        except apsw.ExecutionCompleteError:
            return (), cursor

    def _rows(self, cursor: apsw.Cursor) -> Iterator[tuple[Value, ...]]:
        with self._translated():
            yield from cast("Iterator[tuple[Value, ...]]", cursor)

    def execute(self, sql: str, bindings: Bindings | None = None) -> int:
        if not self._is_writing:
            raise RuntimeError(OUTSIDE_WRITING)
        with translated(self.path):
            self._connection.execute(sql, _driver_bindings(bindings)).fetchall()
            return self._connection.changes()

    def execute_many(self, sql: str, rows: Iterable[Bindings | Sequence[Value]]) -> None:
        if not self._is_writing:
            raise RuntimeError(OUTSIDE_WRITING)
        with translated(self.path):
            self._connection.executemany(sql, cast("Iterable[dict[str, Value]]", rows)).fetchall()

    def stage_many(self, sql: str, rows: Iterable[Bindings | Sequence[Value]]) -> None:
        with self._translated(), temporary_transaction(self._connection):
            self._connection.executemany(sql, cast("Iterable[dict[str, Value]]", rows)).fetchall()

    def execute_sealed(self, sql: str, bindings: Bindings, links: Sequence[bytes]) -> int:
        if not self._seals:
            return self.execute(sql, bindings)
        with translated(self.path), chain_seal.sealed_changes(self._connection, links):
            return self.execute(sql, bindings)

    @contextmanager
    def writing(self, only_endings: bool = False, is_large: bool = False, only_adds: bool = False) -> Iterator[None]:
        large = large_transaction(self._connection, only_adds) if is_large else nullcontext()
        with large, self._write(only_endings):
            yield

    @contextmanager
    def _write(self, only_endings: bool) -> Iterator[None]:
        if self._is_writing:
            raise RuntimeError("a transaction is open already")
        if self._connection.readonly("main"):
            raise read_only(self.path)
        with self._translated():
            if not self._write_lock.acquire(self._busy_ms):
                raise locked(self.path)
            try:
                # IMMEDIATE, so that it waits at the start and not half-way.
                self._connection.execute("BEGIN IMMEDIATE")
                self._is_writing = True
                if not only_endings:
                    refuse_lost(self.path, self._file)
                    self.refuse_newer_schema()
                yield
                if self._seals:
                    chain_seal.seal(self._connection)
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
            finally:
                self._is_writing = False
                self._write_lock.release()

    def _translated(self) -> Translation:
        """Translate the driver's errors. A statement that no longer fits the tables is a sign of a newer schema."""
        return translated(self.path, self.refuse_newer_schema)

    def refuse_newer_schema(self) -> None:
        """Raise DatabaseOutgrown where a newer program has changed the tables."""
        if (number := self.schema()) > self.known_schema:
            raise newer(self.path, number, self.known_schema)

    @contextmanager
    def reading(self) -> Iterator[None]:
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
        with translated(self.path):
            return int(str(self._connection.execute("PRAGMA user_version").fetchall()[0][0]))

    def scratch(self, fill: Callable[[Database], None]) -> AbstractContextManager[Database]:
        from schedbot.store.sqlite.scratch_database import open_scratch

        return open_scratch(self.path, fill)

    def back_up(self, target: Path, now: int) -> None:
        from schedbot.store.sqlite import online_backup

        online_backup.copy(self._connection, self.path, target, now)

    def verify_backup(self, target: Path) -> int:
        from schedbot.store.sqlite import online_backup

        if damage := online_backup.find_damage(target):
            hint = "Check the disk, and run 'schedbot doctor' for the database itself."
            raise DatabaseUnusable(f"The copy of '{self.path}' is damaged: {damage}.", hint)
        return online_backup.count_jobs(target)

    def shrink(self, pages: int) -> int:
        before = self.integer("PRAGMA freelist_count")
        self.execute(f"PRAGMA incremental_vacuum({pages:d})")
        return (before - self.integer("PRAGMA freelist_count")) * self.integer("PRAGMA page_size")

    def keep_temporary_in_memory(self) -> None:
        with translated(self.path):
            if self._connection.execute("PRAGMA temp_store").fetchall() == [(IN_MEMORY,)]:
                return
            self._connection.execute(f"PRAGMA temp_store = {IN_MEMORY:d}").fetchall()  # drops all temporary tables
        if self._seals:
            self._seals = False
            self.start_sealing()

    def plan_once(self) -> None:
        """Plan each statement by its text alone, once, and not for each new value."""
        self._connection.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)

    def run_migrations(self, scripts: Path, begin: Callable[[Database], None] | None = None) -> None:
        """Run the migrations that the file has not seen, each with its number, and `begin`, in one transaction."""
        self.refuse_newer_schema()
        if self.schema() == self.known_schema and not begin:
            return
        if self.schema() < self.known_schema:
            with translated(self.path):
                if self.schema() == 0:  # of a file without tables; else SQLite keeps the file's own
                    self._connection.execute("PRAGMA auto_vacuum = INCREMENTAL").fetchall()
                self._connection.execute("PRAGMA journal_mode = WAL").fetchall()
        with self.writing():
            for number, script in migrations.after(self.schema(), scripts):
                for _ in self._connection.execute(script):
                    pass
                self.execute(f"PRAGMA user_version = {number:d}")
            self.start_sealing()
            self.execute(f"PRAGMA application_id = {migrations.APPLICATION_ID:d}")
            if begin:
                begin(self)

    def start_sealing(self) -> None:
        """Add the rows of the record that each transaction writes to the hash chain."""
        if self._seals or self._connection.readonly("main"):
            return
        with translated(self.path):
            chain_seal.start(self._connection)
        self._seals = True

    def stop_sealing(self) -> None:
        """Write no hash chain: the database is a copy for this process alone."""
        self._seals = False
        chain_seal.stop(self._connection)

    def wake(self) -> None:
        wake_fifo.wake_all(self.path)

    def is_lost(self) -> bool:
        return find_file(self.path) != self._file

    def abandon(self) -> None:
        import ctypes

        # SQLite would roll back and unlock in the parent's files when the last reference is dropped.
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(self._connection))
        self._connection = apsw.Connection(":memory:")
        self._connection.close()

    def close(self) -> None:
        self._connection.close()
        self._write_lock.close()
        reader.refuse_changed(self.path, self._stamp)


def _driver_bindings(bindings: Bindings | None) -> dict[str, Value] | None:
    return cast("dict[str, Value] | None", bindings)  # the driver refuses a value of another type
