"""Interface of a database engine: typed reads, writes in short transactions, a wake-up for waiting pools.

Rows are read by column name into dataclasses and named tuples (see `store.row_factory`); one column is read as plain
values. Reads see the last commit. Every write happens inside `writing()`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from itertools import starmap
from pathlib import Path
from typing import NamedTuple, TypeVar

from schedbot.errors import DatabaseUnusable
from schedbot.store.row_factory import Value, constructor, one_column

T = TypeVar("T")
Bindings = Mapping[str, object]


class DatabaseOutgrown(DatabaseUnusable):
    """A newer program has changed the database's tables: this one begins nothing more in it."""


class DatabaseLost(DatabaseUnusable):
    """The database's file was deleted or replaced, or is a copy: this program begins nothing more in it."""


class Result(NamedTuple):
    """Column names and rows of one statement. Names are empty where there is no row."""

    columns: tuple[str, ...]
    rows: Iterator[tuple[Value, ...]]


class Database(ABC):
    """An open database."""

    path: Path  # of the file; lock files and FIFOs lie beside it
    known_schema: int  # number of the newest migration of this program

    @abstractmethod
    def select(self, sql: str, bindings: Bindings | None = None) -> Result:
        """Run a statement and return its rows as tuples. Statements of the product use the typed reads below."""

    @abstractmethod
    def select_all(
        self, sql: str, bindings: Bindings | None = None
    ) -> tuple[tuple[str, ...], Sequence[tuple[Value, ...]]]:
        """Run a statement, and return its columns and all rows, read in one call."""

    @abstractmethod
    def execute(self, sql: str, bindings: Bindings | None = None) -> int:
        """Run one statement inside `writing()`. Returns the number of changed rows."""

    @abstractmethod
    def execute_many(self, sql: str, rows: Iterable[Bindings | Sequence[Value]]) -> None:
        """Run one statement for each of `rows` inside `writing()`: a third of the cost of as many `execute`."""

    @abstractmethod
    def stage_many(self, sql: str, rows: Iterable[Bindings | Sequence[Value]]) -> None:
        """Run one statement on temporary tables of this connection for each of `rows`; no writer waits for it."""

    @abstractmethod
    def execute_sealed(self, sql: str, bindings: Bindings, links: Sequence[bytes]) -> int:
        """Do as `execute` for a statement that inserts into `changes` alone.

        `links` are the entries of its rows for the hash chain, which else the end of the transaction computes.
        """

    @abstractmethod
    def writing(
        self, only_endings: bool = False, is_large: bool = False, only_adds: bool = False
    ) -> AbstractContextManager[None]:
        """Return a transaction that is committed whole at its end, or not at all.

        Raises DatabaseOutgrown when a newer program has changed the tables, and DatabaseLost when the file was deleted
        or replaced. `only_endings` is for the end of work that began before. `is_large`: it may write a million rows,
        and what can be done when other writers go on again is done then. `only_adds`, of a large one: it deletes
        nothing, and checks itself that its new rows refer to rows that are there.
        """

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Undo the block's writes if it raises; the transaction can go on. Inside `writing()`."""
        self.execute("SAVEPOINT block")
        try:
            yield
        except DatabaseUnusable:
            raise  # the transaction is over
        except BaseException:
            self.execute("ROLLBACK TO block")
            self.execute("RELEASE block")
            raise
        self.execute("RELEASE block")

    @abstractmethod
    def reading(self) -> AbstractContextManager[None]:
        """Return a context in which all reads see the same commit. It does nothing inside a transaction."""

    @abstractmethod
    def schema(self) -> int:
        """Return the number of the newest migration that the database has seen."""

    @abstractmethod
    def scratch(self, fill: "Callable[[Database], None]") -> "AbstractContextManager[Database]":
        """Return an empty database of the same schema, for this process alone; it is deleted at the end.

        `fill` writes its rows, inside a transaction, and reads this database's tables as `original.<table>`.
        """

    @abstractmethod
    def back_up(self, target: Path, now: int) -> None:
        """Copy the database, as of one commit, into a new file, while writers go on. The copy names the instant `now`.

        Raises DatabaseUnusable.
        """

    @abstractmethod
    def verify_backup(self, target: Path) -> int:
        """Return the number of jobs in a copy. Raises DatabaseUnusable for a copy that is damaged."""

    @abstractmethod
    def shrink(self, pages: int) -> int:
        """Give at most so many free pages back to the disk, inside `writing()`. Returns the bytes; 0: none is left."""

    @abstractmethod
    def keep_temporary_in_memory(self) -> None:
        """Write no temporary files: small transactions go on where the folder for them is full or read-only."""

    @abstractmethod
    def wake(self) -> None:
        """Tell waiting pools that there are jobs to claim."""

    @abstractmethod
    def close(self) -> None:
        """Close the connection."""

    @abstractmethod
    def is_lost(self) -> bool:
        """Was the database's file deleted or replaced since it was opened?"""

    @abstractmethod
    def abandon(self) -> None:
        """Leave the connection as it is, without an end: it belongs to the process that forked this one."""

    def all(self, kind: type[T], sql: str, bindings: Bindings | None = None) -> list[T]:
        """Return all rows, each as a `kind`."""
        columns, rows = self.select_all(sql, bindings)
        return list(starmap(constructor(kind, columns), rows)) if columns else []

    def first(self, kind: type[T], sql: str, bindings: Bindings | None = None) -> T | None:
        """Return the first row as a `kind`, or None."""
        return next(self.each(kind, sql, bindings), None)

    def each(self, kind: type[T], sql: str, bindings: Bindings | None = None) -> Iterator[T]:
        """Yield the rows one by one, each as a `kind`. The statement runs when the first row is asked for."""
        columns, rows = self.select(sql, bindings)
        if columns:
            make = constructor(kind, columns)
            for row in rows:
                yield make(*row)

    def integer(self, sql: str, bindings: Bindings | None = None) -> int:
        """Return the one column of the first row. Raises LookupError where there is none, or null in it."""
        return _present(self.integer_or_none(sql, bindings), sql)

    def integer_or_none(self, sql: str, bindings: Bindings | None = None) -> int | None:
        """Return the one column of the first row, or None where there is none, or null in it."""
        return next(one_column(int, *self.select(sql, bindings)), None)

    def integers(self, sql: str, bindings: Bindings | None = None) -> list[int]:
        """Return the one column of all rows."""
        return [_present(value, sql) for value in one_column(int, *self.select(sql, bindings))]

    def text(self, sql: str, bindings: Bindings | None = None) -> str:
        """Return the one column of the first row. Raises LookupError where there is none, or null in it."""
        return _present(self.text_or_none(sql, bindings), sql)

    def text_or_none(self, sql: str, bindings: Bindings | None = None) -> str | None:
        """Return the one column of the first row, or None where there is none, or null in it."""
        return next(one_column(str, *self.select(sql, bindings)), None)

    def texts(self, sql: str, bindings: Bindings | None = None) -> list[str]:
        """Return the one column of all rows."""
        return [_present(value, sql) for value in one_column(str, *self.select(sql, bindings))]

    def is_true(self, sql: str, bindings: Bindings | None = None) -> bool:
        """Return whether there is a row and its one column is neither null nor 0."""
        return bool(next(one_column(int, *self.select(sql, bindings)), None))


def _present(value: T | None, sql: str) -> T:
    if value is None:
        raise LookupError(f"no value: {' '.join(sql.split())}")
    return value
