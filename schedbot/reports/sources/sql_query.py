"""Run a report's SQL query."""

from schedbot.errors import ReportFailed
from schedbot.reports.context import ReportContext
from schedbot.reports.definitions import ReportDefinition
from schedbot.reports.results import Result


def run(definition: ReportDefinition, url: str, context: ReportContext) -> Result:
    """Return the message of the query's rows. Raises ReportFailed."""
    raise ReportFailed("Queries are not supported yet.")
