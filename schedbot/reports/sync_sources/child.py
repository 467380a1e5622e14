"""Process that reads the source of one sync: code of the configuration runs here, and the parent keeps its time limit.

It answers one request with batches of rows, then with their number or the reason of a failure: one JSON object a line.
"""

import json
import os
import resource
import socket
import sys
from dataclasses import dataclass
from itertools import islice
from typing import Any

from schedbot.errors import ReportFailed
from schedbot.log import redact_tokens
from schedbot.reports.definitions import ReportDefinition
from schedbot.reports.live_child import SPARE_BYTES, drop_stdout, read_data_bytes
from schedbot.reports.live_protocol import build_definition
from schedbot.reports.resource_limits import cap
from schedbot.reports.sync_sources import rows

BATCH = 500
LONGEST_REASON = 2_000


@dataclass(frozen=True, slots=True)
class ListRequest:
    """To the process: read the rows of a definition. `url`: of its database; it may hold a password."""

    definition: ReportDefinition
    url: str


def serve(end: socket.socket, python_path: list[str], ready: bytes) -> None:
    """Answer one request. `python_path`: folders of modules. The line `ready` is sent first."""
    sys.path[:0] = python_path
    drop_stdout()
    end.setblocking(True)
    os.register_at_fork(after_in_child=end.close)
    end.sendall(ready)
    with end.makefile("rb") as lines:
        content = json.loads(lines.readline())
    send(end, answer(end, build_definition(content["definition"]), content["url"]))
    os._exit(0)  # threads of the function would keep the process


def answer(end: socket.socket, definition: ReportDefinition, url: str) -> dict[str, Any]:
    """Send the rows. Returns the last line: their number, or the failure."""
    try:
        return {"end": send_rows(end, definition, url)}
    except ReportFailed as error:
        failure = error
    except MemoryError:
        problem = f"It took more than {definition.memory_bytes >> 20} MB of memory."
        failure = ReportFailed(problem, f"Raise 'memory' in [sync.{definition.name}], or yield the schedules.")
    except Exception as error:  # a defect of schedbot or of a library that it uses
        failure = ReportFailed(f"{type(error).__name__}: {error}")
    reason = redact_tokens(str(failure))[:LONGEST_REASON]
    return {"failure": reason, "hint": failure.hint, "detail": redact_tokens(failure.detail)}


def send_rows(end: socket.socket, definition: ReportDefinition, url: str) -> int:
    """Send the rows in batches. Returns their number."""
    if definition.kind == "python":
        from schedbot.reports.sources import python_function

        python_function.try_load(definition)  # what the module needs is not counted
    limit_memory(definition.memory_bytes)
    count = 0
    remaining = rows.read(definition, url)
    while batch := list(islice(remaining, BATCH)):
        count += len(batch)
        send(end, {"rows": batch})
    return count


def limit_memory(memory_bytes: int) -> None:
    """Limit the private memory of this process to so much more than it has now."""
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    soft = cap(read_data_bytes() + SPARE_BYTES + memory_bytes, resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def send(end: socket.socket, line: dict[str, Any]) -> None:
    end.sendall(json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
