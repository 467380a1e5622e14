"""Processor time of each SQL statement of a connection."""

import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

LONGEST = 110


class TimedCursor:
    """Rows of a statement, whose steps count too."""

    def __init__(self, cursor: Any, spent: dict[str, float], sql: str) -> None:
        self.cursor, self.spent, self.sql = cursor, spent, sql

    def __getattr__(self, name: str) -> Any:
        return getattr(self.cursor, name)

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        started = time.thread_time()
        try:
            return next(self.cursor)
        finally:
            self.spent[self.sql] += time.thread_time() - started

    def fetchall(self) -> Any:
        started = time.thread_time()
        rows = self.cursor.fetchall()
        self.spent[self.sql] += time.thread_time() - started
        return rows


class TimedConnection:
    """A connection that counts the processor seconds (`spent`) and calls of each statement."""

    def __init__(self, connection: Any) -> None:
        self.connection, self.calls = connection, Counter[str]()
        self.spent: dict[str, float] = defaultdict(float)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.connection, name)

    def execute(self, sql: str, *values: Any, **options: Any) -> TimedCursor:
        return self.run(self.connection.execute, sql, *values, **options)

    def executemany(self, sql: str, rows: Any, **options: Any) -> TimedCursor:
        return self.run(self.connection.executemany, sql, rows, **options)

    def run(self, call: Any, sql: str, *values: Any, **options: Any) -> TimedCursor:
        """Run a statement, and count its time and that of its rows."""
        name = " ".join(sql.split())[:LONGEST]
        started = time.thread_time()
        cursor = call(sql, *values, **options)
        self.spent[name] += time.thread_time() - started
        self.calls[name] += 1
        return TimedCursor(cursor, self.spent, name)

    def list_costs(self, jobs: int) -> list[tuple[float, int, str]]:
        """Return microseconds for each job, calls and text of the statements, the most expensive first."""
        ordered = sorted(self.spent.items(), key=lambda item: -item[1])
        return [(spent / jobs * 1e6, self.calls[name], name) for name, spent in ordered]


def time_statements(db: Any) -> TimedConnection:
    """Let a database count the time of its statements, and return the counts."""
    db._connection = timed = TimedConnection(db._connection)
    return timed
