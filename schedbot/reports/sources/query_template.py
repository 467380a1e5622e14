"""Render a query's rows with a template, which sees `rows` and `row`, the first of them."""

from schedbot.errors import ReportFailed
from schedbot.model import Message, Report
from schedbot.reports.context import ReportContext, build_template_values
from schedbot.reports.sources import template
from schedbot.reports.sources.query_rows import Rows


def render(file: str, rows: Rows, context: ReportContext) -> Message:
    """Return the message of the template file for the rows. Raises ReportFailed."""
    records = [dict(zip(rows.columns, row, strict=True)) for row in rows.rows]
    values = {**build_template_values(context), "rows": records}
    if records:
        values["row"] = records[0]
    params = {name: value for name, value in context.params.items() if name not in ("row", "rows")}
    try:
        return template.render(Report("template", file, params), values)
    except ReportFailed as error:
        if not records and "needs the parameter 'row'" in str(error):
            problem = "The query returned no rows, and the template uses 'row', the first of them."
            raise ReportFailed(problem, "Begin with {% if rows %}, or set 'on_empty' in the report's table.") from None
        raise
