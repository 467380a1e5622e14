"""Run a report's program."""

from typing import Any

from schedbot.errors import ReportFailed
from schedbot.reports.context import ReportContext
from schedbot.reports.definitions import ReportDefinition


def run(definition: ReportDefinition, context: ReportContext) -> tuple[Any, str]:
    """Return the program's output, parsed, and the end of its stderr. Raises ReportFailed."""
    raise ReportFailed("Programs are not supported yet.")
