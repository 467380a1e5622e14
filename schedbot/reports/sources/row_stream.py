"""Rows of a query one by one, from the module of its database."""

from collections.abc import Generator, Sequence
from contextlib import closing
from typing import Any

from schedbot.reports.sources.query_rows import Query

RowStream = Generator[Sequence[Any], None, None]


def stream(query: Query, url: str) -> RowStream:
    """Yield the names of the columns, then at most `max_rows` + 1 rows. SQLite needs no other package.

    Raises ReportFailed. Closing the generator closes the query.
    """
    if url.startswith("sqlite://"):
        from schedbot.reports.sources import sqlite_rows

        yield from sqlite_rows.stream(query, url)
    else:
        from schedbot.reports.sources import sqlalchemy_rows

        yield from sqlalchemy_rows.stream(query, url)


def fetch(query: Query, url: str) -> tuple[Sequence[str], list[Sequence[Any]]]:
    """Return the names of the columns and at most `max_rows` + 1 rows. Raises ReportFailed."""
    with closing(stream(query, url)) as rows:
        return next(rows), list(rows)
