"""Try a named report before a schedule is written. Each report is tried once for equal parameter names.

A failure is known for a minute, so that an import does not repeat a slow one, and a process that lives long notices
what was mended.
"""

import time
from dataclasses import dataclass

from schedbot.errors import ReportFailed
from schedbot.reports import live_client, trial
from schedbot.reports.context import LiveOccurrence
from schedbot.reports.definitions import Definitions, ReportDefinition
from schedbot.reports.live_client import LiveClient, LiveResult
from schedbot.reports.results import report_error

FAILURE_KEPT_S = 60

# The definition, the versions of its files, the names of the parameters, whether on_empty is set
Key = tuple[str, tuple[trial.FileVersion, ...], frozenset[str], bool]
_known: dict[Key, ReportFailed | None] = {}
_failed_at: dict[Key, float] = {}  # monotonic seconds


@dataclass(frozen=True, slots=True)
class NamedReportOccurrence:
    """A named report, and the occurrence to render it for."""

    report: str
    occurrence: LiveOccurrence


def check(definitions: Definitions, request: NamedReportOccurrence) -> None:
    """Render the report, as a trial. Raises BadInput and ReportFailed."""
    occurrence = request.occurrence
    definition = definitions.find(request.report)
    files = list_files(definition, definitions.python_path)
    key = (repr(definition), files, frozenset(occurrence.params), bool(occurrence.on_empty))
    is_old = time.monotonic() - _failed_at.get(key, time.monotonic()) > FAILURE_KEPT_S
    if key not in _known or is_old:
        _failed_at.pop(key, None)
        try:
            render(definitions, request)
            _known[key] = None
        except ReportFailed as error:
            _known[key], _failed_at[key] = error, time.monotonic()
    failure = _known[key]
    if failure is not None:
        raise ReportFailed(str(failure), failure.hint, failure.detail)


def list_files(definition: ReportDefinition, python_path: tuple[str, ...]) -> tuple[trial.FileVersion, ...]:
    """Return the versions of the files that a report names: its query, its template, or its module."""
    paths = [definition.place, definition.template]
    if definition.kind == "python":
        module = definition.place.partition(":")[0].replace(".", "/")
        paths = [f"{folder}/{module}{end}" for folder in python_path for end in (".py", "/__init__.py")]
    return tuple(trial.file_version(path) for path in paths)


def render(definitions: Definitions, request: NamedReportOccurrence, folder: str = "") -> LiveResult:
    """Return the result of a report: a message, skip or not_ready. `folder`: for its files; empty: they are not kept.

    Raises BadInput, and ReportFailed for a failure.
    """
    client = LiveClient(definitions.python_path, folder)
    try:
        live_request = live_client.build_live_request(definitions, request.report, request.occurrence)
        result = next(client.render([live_request]))
    finally:
        client.close()
    rendered = result.rendered
    if rendered.failure is not None:
        subject = result.request.definition.subject
        raise report_error(subject, rendered.failure, rendered.hint, rendered.detail)
    return result
