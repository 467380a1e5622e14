"""StageFile: rows of an import in an SQLite file of their own, which one process writes and another one attaches."""

from collections.abc import Iterable
from pathlib import Path

import apsw

from schedbot.store.sqlite.errors import translated

# Nobody reads the file before it is whole, and after a crash nobody wants it.
SETTINGS = ("journal_mode = OFF", "synchronous = OFF", "locking_mode = EXCLUSIVE")


class StageFile:
    """A new file. Methods raise DatabaseUnusable where it cannot be written."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with translated(path):
            self.connection = apsw.Connection(str(path))

    def begin(self, create: str) -> None:
        """Create a table and begin to write it."""
        with translated(self.path):
            for setting in SETTINGS:
                self.connection.execute(f"PRAGMA {setting}").fetchall()
            self.connection.execute(create).fetchall()
            self.connection.execute("BEGIN")

    def add(self, sql: str, rows: Iterable[tuple[str | int, ...]]) -> None:
        """Run a statement for each of the rows."""
        with translated(self.path):
            self.connection.executemany(sql, rows).fetchall()

    def end(self) -> None:
        """Write what is left and close the file."""
        with translated(self.path):
            self.connection.execute("COMMIT")
            self.connection.close()
