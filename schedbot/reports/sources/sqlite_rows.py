"""Rows of a query from a SQLite file, with Python's own driver.

Rules: the file is opened read-only, and an authorizer refuses what reaches beyond it, so that a query can neither write
nor attach another file. Each rendering opens the file anew (0.1 ms), which is safe in threads and sees a restored file.
Source: https://www.sqlite.org/security.html
"""

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import quote

from schedbot.errors import ReportFailed
from schedbot.reports.sources.query_rows import Query, more_than_read, query_failed, too_slow

ALLOWED = {
    *(sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE),
    # A table function such as json_each seems to write; a real write fails, because the file is opened read-only.
    *(sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE),
}
FORBIDDEN_FUNCTIONS = ("load_extension", "fts3_tokenizer")
PRAGMAS = ("data_version", "table_info", "table_xinfo", "table_list", "index_list", "index_info", "foreign_key_list")
STEPS = 50_000  # of SQLite's machine, between two looks at the clock: some milliseconds
MAX_VALUE_BYTES = 4 << 20
MAX_WAIT_MS = 5_000  # for a lock


def stream(query: Query, url: str) -> Iterator[Sequence[Any]]:
    """Yield the names of the columns, then at most `max_rows` + 1 rows one by one. Raises ReportFailed."""
    file = find_file(query, url)
    try:
        with closing(connect(file, query.timeout_ms)) as connection:
            cursor = connection.execute(query.statement.text, dict(query.values))
            yield [column[0] for column in cursor.description or ()]
            yield from islice(cursor, query.max_rows + 1)
    except sqlite3.Error as error:
        raise explain(query, file, str(error)) from None
    except OverflowError:
        raise ReportFailed("A number of the query's params is too large for SQLite.", "Give it as a text.") from None


def find_file(query: Query, url: str) -> Path:
    """Return the database file of the URL. Raises ReportFailed if there is none."""
    path = url.removeprefix("sqlite://").partition("?")[0].removeprefix("/")
    if path in ("", ":memory:"):
        problem = f"The URL of the database '{query.database}' names no file, and a database in memory has no data."
        raise ReportFailed(problem, 'Write it like url = "sqlite:///sales.db".')
    if not Path(path).is_file():
        problem = f"There is no database file '{path}' (database '{query.database}')."
        raise ReportFailed(problem, f"Fix the URL in [databases.{query.database}].")
    return Path(path).absolute()


def connect(file: Path, timeout_ms: int) -> sqlite3.Connection:
    """Return a connection that can only read, and that stops a query after `timeout_ms`."""
    deadline = time.monotonic() + timeout_ms / 1_000
    connection = sqlite3.connect(
        f"file:{quote(str(file))}?mode=ro",
        uri=True,
        timeout=min(timeout_ms, MAX_WAIT_MS) / 1_000,
        isolation_level=None,
    )
    connection.text_factory = lambda text: text.decode("utf-8", "replace")
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_VALUE_BYTES)
    connection.execute("PRAGMA query_only = ON")
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.set_authorizer(authorize)
    connection.set_progress_handler(lambda: time.monotonic() > deadline, STEPS)
    return connection


def authorize(action: int, first: str | None, second: str | None, database: str | None, trigger: str | None) -> int:
    """Return whether SQLite may do the action: neither `ATTACH` nor what changes the connection."""
    if action == sqlite3.SQLITE_FUNCTION and second in FORBIDDEN_FUNCTIONS:
        return sqlite3.SQLITE_DENY
    is_allowed = action in ALLOWED or (action == sqlite3.SQLITE_PRAGMA and first in PRAGMAS)
    return sqlite3.SQLITE_OK if is_allowed else sqlite3.SQLITE_DENY


def explain(query: Query, file: Path, reason: str) -> ReportFailed:
    """Return the error for a reason that SQLite gives."""
    if "interrupted" in reason:
        return too_slow(query)
    if "readonly" in reason:
        return more_than_read()
    if "locked" in reason:
        problem = f"The database file '{file}' is locked by another program."
        return ReportFailed(problem, "Set it to WAL mode, so that readers do not wait: PRAGMA journal_mode = WAL.")
    if "unable to open" in reason or "not a database" in reason:
        return ReportFailed(
            f"The database file '{file}' cannot be read: {reason}.", "Check the file and its permissions."
        )
    if "too big" in reason:
        return ReportFailed(f"A value of the query is larger than {MAX_VALUE_BYTES >> 20} MB.", "Select a part of it.")
    return query_failed(query, reason)
