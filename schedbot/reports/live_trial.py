"""Try a named report before a schedule is written. Each report is tried once in a command for equal parameter names."""

from dataclasses import dataclass

from schedbot.errors import ReportFailed
from schedbot.reports import live_client
from schedbot.reports.context import LiveOccurrence
from schedbot.reports.definitions import Definitions
from schedbot.reports.live_client import LiveClient, LiveResult

Key = tuple[str, frozenset[str], bool]  # the report, the names of its parameters, has it a text if it is empty?
_known: dict[Key, ReportFailed | None] = {}


@dataclass(frozen=True, slots=True)
class NamedReportOccurrence:
    """A named report, and the occurrence to render it for."""

    report: str
    occurrence: LiveOccurrence


def check(definitions: Definitions, request: NamedReportOccurrence) -> None:
    """Render the report, as a trial. Raises BadInput and ReportFailed."""
    occurrence = request.occurrence
    key = (request.report, frozenset(occurrence.params), bool(occurrence.on_empty))
    if key not in _known:
        try:
            render(definitions, request)
            _known[key] = None
        except ReportFailed as error:
            _known[key] = error
    failure = _known[key]
    if failure is not None:
        raise ReportFailed(str(failure), failure.hint, failure.detail)


def render(definitions: Definitions, request: NamedReportOccurrence) -> LiveResult:
    """Return the result of a report: a message, skip or not_ready. Raises BadInput, and ReportFailed for a failure."""
    client = LiveClient(definitions.python_path)
    try:
        live_request = live_client.build_live_request(definitions, request.report, request.occurrence)
        result = next(client.render([live_request]))
    finally:
        client.close()
    rendered = result.rendered
    if rendered.failure is not None:
        lines = [f"The report '{request.report}' failed: {rendered.failure}", *rendered.detail.splitlines()]
        raise ReportFailed("\n  ".join(lines), rendered.hint, rendered.detail)
    return result
