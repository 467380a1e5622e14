"""Rows of a sync's source in the process that reads it: a dictionary of cell texts for each.

The first row that cannot be used ends the reading, with its number.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any

from schedbot.errors import BadInput, ReportFailed
from schedbot.reports.definitions import ReportDefinition
from schedbot.reports.sync_sources.cell_text import to_text

Cells = dict[str, str]


def read(definition: ReportDefinition, url: str) -> Iterator[Cells]:
    """Yield the cells of each row. `url`: of the query's database. Raises ReportFailed."""
    rows = read_query(definition, url) if definition.kind == "sql" else call_function(definition)
    for number, row in enumerate(rows, start=1):
        if number > definition.max_rows:
            raise ReportFailed(f"The list has more than {definition.max_rows:,} rows.", "Use a smaller list.")
        yield to_cells(row, number, definition)


def read_query(definition: ReportDefinition, url: str) -> Iterator[Mapping[str, Any]]:
    """Yield the rows of a query by column. Names of columns are in small letters, as Oracle gives large ones."""
    from schedbot.reports.sources import row_stream, sql_statement
    from schedbot.reports.sources.query_rows import Query

    statement = sql_statement.read(definition.place)
    if statement.names:
        problem = f"The query uses :{statement.names[0]}, and the query of a sync has no values."
        raise ReportFailed(problem, f"Write the value into '{definition.place}'.")
    query = Query(statement, {}, definition.database, definition.max_rows, definition.timeout_ms)
    with closing(row_stream.stream(query, url)) as rows:
        columns = check_columns(next(rows))
        for row in rows:
            yield dict(zip(columns, row, strict=True))


def check_columns(names: Sequence[Any]) -> list[str]:
    """Return the names of a query's columns. Raises ReportFailed for two of one name."""
    columns = [str(name).strip().lower() for name in names]
    if twice := next((name for name in columns if columns.count(name) > 1), None):
        raise ReportFailed(f"The query has two columns '{twice}'.", "Rename one of them with AS.")
    return columns


def call_function(definition: ReportDefinition) -> Iterator[Any]:
    """Yield what the function gives, item by item. Raises ReportFailed."""
    from schedbot.reports.sources import python_function

    result = python_function.invoke(definition, python_function.load(definition))
    if isinstance(result, Mapping | str | bytes) or not isinstance(result, Iterable):
        hint = "It gives a list, or yields: a mapping of columns for each schedule. No schedules are []."
        kind = "None" if result is None else f"a value {describe(result)}"
        raise ReportFailed(f"{definition.place} returned {kind}, not a list.", hint)
    return python_function.iterate(definition, result)


def to_cells(row: Any, number: int, definition: ReportDefinition) -> Cells:
    """Return the cells of a row. Raises ReportFailed with the number of the row."""
    if not isinstance(row, Mapping) or not all(isinstance(column, str) for column in row):
        problem = f"Row {number:,} of {definition.title} is {describe(row)}, not a mapping of columns."
        raise ReportFailed(problem, 'Give {"name": ..., "channel": ..., ...} for each schedule.')
    cells = {}
    for column, value in row.items():
        try:
            cells[column] = to_text(column, value)
        except BadInput as error:
            raise ReportFailed(f"Row {number:,} of {definition.title}: {column}: {error}", error.hint) from None
    return cells


def describe(value: object) -> str:
    """Return a value's type for an error: `None`, `of type 'int'`."""
    return "None" if value is None else f"of type '{type(value).__name__}'"
