"""Read the rows of a sync's source for a command, in a process of its own with limits of time and memory."""

import json
import time
from collections.abc import Iterator
from typing import Any

from schedbot.errors import ReportFailed
from schedbot.reports.definitions import Definitions, ReportDefinition
from schedbot.reports.live_client import START_S, LiveProcess
from schedbot.reports.live_protocol import encode_fields
from schedbot.reports.results import report_error
from schedbot.reports.sync_sources.child import ListRequest
from schedbot.times import format_duration

CHILD = "schedbot.reports.sync_sources.child"


def read_rows(definitions: Definitions, definition: ReportDefinition) -> Iterator[dict[str, str]]:
    """Yield the cells of each row. Raises BadInput for a database that cannot be used, and ReportFailed."""
    url = definitions.find_url(definition)
    process = LiveProcess(definitions.python_path, CHILD)
    try:
        process.send(encode_fields(ListRequest(definition, url)))
        remaining_s = definition.timeout_ms / 1_000
        while True:
            begin = time.monotonic()
            line = receive(process, definition, begin + remaining_s)
            remaining_s -= time.monotonic() - begin
            if "rows" not in line:
                refuse_failure(definition, line)
                return
            yield from line["rows"]
    finally:
        process.close()


def receive(process: LiveProcess, definition: ReportDefinition, until: float) -> dict[str, Any]:
    """Return the next line. Raises ReportFailed at `until` (monotonic seconds), and for a process that has ended."""
    try:
        line = process.receive(until)
    except EOFError:
        exit_code = process.child.wait(START_S)
        raise ReportFailed(f"{definition.subject} ended its process (exit code {exit_code}).") from None
    if line is None:
        limit = format_duration(definition.timeout_ms)
        hint = f"Make it faster, or raise 'timeout' in [sync.{definition.name}]."
        raise ReportFailed(f"{definition.subject} took more than {limit}.", hint)
    content: dict[str, Any] = json.loads(line)
    return content


def refuse_failure(definition: ReportDefinition, line: dict[str, Any]) -> None:
    """Raise ReportFailed if the last line has a failure."""
    if "failure" in line:
        failure = f"{line['failure']} Nothing was changed."
        raise report_error(definition.subject, failure, line["hint"], line["detail"])
