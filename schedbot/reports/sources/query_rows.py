"""Query of a report and its rows, for all databases.

Rule: a row has only values that a message can show: texts, numbers, dates and times, None, and lists and objects of
them. An instant with a zone is in the schedule's zone. Binary data is refused, since nobody can read it in Slack.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from typing import Any

from schedbot.errors import ReportFailed
from schedbot.reports.escaping import clean
from schedbot.reports.sources.sql_statement import Statement
from schedbot.times import format_duration

PLAIN = frozenset({type(None), bool, int, float, Decimal, date, time, timedelta})
LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class Query:
    """A query with its values and limits. `database`: the name in the configuration; `values`: by name."""

    statement: Statement
    values: Mapping[str, Any]
    database: str
    max_rows: int
    timeout_ms: int


@dataclass(frozen=True, slots=True)
class Rows:
    """Result of a query: its column names, and a value for each in every row."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


def check_rows(query: Query, columns: Sequence[str], rows: Sequence[Sequence[Any]], tz: tzinfo | None) -> Rows:
    """Return the rows with cleaned values. Raises ReportFailed for too many rows, equal columns and binary data."""
    if len(rows) > query.max_rows:
        raise ReportFailed(
            f"The query returned more than {query.max_rows:,} rows.",
            "Add a LIMIT to the query, or raise max_rows in the report's table.",
        )
    names = tuple(clean(str(column)) for column in columns)
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise ReportFailed(f"The query has two columns '{twice}'.", "Rename one of them with AS.")
    return Rows(names, tuple(clean_row(names, row, number, tz) for number, row in enumerate(rows, 1)))


def clean_row(columns: Sequence[str], row: Sequence[Any], number: int, tz: tzinfo | None) -> tuple[Any, ...]:
    """Return the row with cleaned values. Raises ReportFailed that names row and column."""
    for column, value in zip(columns, row, strict=True):
        if isinstance(value, bytes | bytearray | memoryview):
            raise ReportFailed(
                f"The column '{column}' has binary data (row {number}).",
                "Leave the column out, or make a text of it in the query, for example with hex().",
            )
    return tuple(clean_value(value, tz) for value in row)


def clean_value(value: Any, tz: tzinfo | None) -> Any:
    """Return the value in a type that a template shows safely; other types become text."""
    if type(value) in PLAIN:
        return value
    match value:
        case datetime():
            with suppress(OverflowError):
                return value.astimezone(tz) if value.tzinfo else value
            return value
        case Mapping():
            return {clean(str(key)): clean_value(entry, tz) for key, entry in value.items()}
        case list() | tuple() | set() | frozenset():
            return [clean_value(entry, tz) for entry in value]
    return clean(str(value))


def too_slow(query: Query) -> ReportFailed:
    """Return the error of a query that reached its limit of time."""
    return ReportFailed(
        f"The query took longer than {format_duration(query.timeout_ms)}.",
        "Make it faster (an index, a shorter period), or raise 'timeout' in its table of schedbot.toml.",
    )


def more_than_read() -> ReportFailed:
    """Return the error of a query that changes the database."""
    return ReportFailed("The query changes the database.", "It may only read: use SELECT.")


def query_failed(query: Query, reason: str) -> ReportFailed:
    """Return the error of a query that the database refuses."""
    line = " ".join(clean(reason).strip().split("\n")[0].split())[:LONGEST_REASON].rstrip(".")
    return ReportFailed(f"The query failed: {line}.", f"Fix the query in '{query.statement.file}'.")
