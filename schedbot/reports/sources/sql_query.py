"""Run a report's SQL query: its rows become a template's message, or a table.

Rules: values are bound, never put into the text of the query. The connection and the transaction are read-only. A name
of the occurrence (`:account`) wins over a param of the same name, as in templates. Runs in many threads at once.
"""

import json
from collections.abc import Mapping
from typing import Any

from schedbot.errors import ReportFailed
from schedbot.reports.context import ReportContext
from schedbot.reports.definitions import ReportDefinition
from schedbot.reports.results import Result, Skip
from schedbot.reports.sources import query_table, row_stream, sql_statement
from schedbot.reports.sources.occurrence_values import list_values, to_ms
from schedbot.reports.sources.query_rows import Query, Rows, check_rows
from schedbot.reports.sources.sql_statement import Statement

NOTHING = "the query returned no rows"


def run(definition: ReportDefinition, url: str, context: ReportContext) -> Result:
    """Return the message of the query's rows, or Skip if there are none. Raises ReportFailed.

    A template without `on_empty` is rendered with no rows too.
    """
    statement = sql_statement.read(definition.place)
    own = occurrence_values(context)
    values = bind(statement, {**own, **context.params, **own})
    query = Query(statement, values, definition.database, definition.max_rows, definition.timeout_ms)
    rows = fetch(query, url, context)
    if not rows.rows and (definition.on_empty or not definition.template):
        return Skip(NOTHING)
    if not definition.template:
        return query_table.build(rows)
    from schedbot.reports.sources import query_template  # loads jinja2

    return query_template.render(definition.template, rows, context)


def fetch(query: Query, url: str, context: ReportContext) -> Rows:
    """Return the rows of a query. Raises ReportFailed."""
    columns, rows = row_stream.fetch(query, url)
    return check_rows(query, columns, rows, context.due.tzinfo)


def occurrence_values(context: ReportContext) -> dict[str, Any]:
    """Return the values of an occurrence. `due` is the wall clock of the schedule, `previous` may be None."""
    return {
        **list_values(context),
        "due": context.due.strftime("%Y-%m-%d %H:%M:%S"),
        "previous": None if context.previous is None else to_ms(context.previous),
    }


def bind(statement: Statement, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that the statement uses. Raises ReportFailed for a name without a value."""
    for name in statement.names:
        if name not in values:
            known = ", ".join(f":{known}" for known in values)
            hint = f"Add --param {name}=VALUE to the schedule, or fix the name. Available: {known}."
            raise ReportFailed(f"The query uses :{name}, which has no value.", hint)
    return {name: to_bindable(values[name]) for name in statement.names}


def to_bindable(value: Any) -> Any:
    """Return a value that databases take: a list or an object becomes JSON text, half of a surrogate pair U+FFFD."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return json.dumps(value) if isinstance(value, list | tuple | Mapping) else value
