"""Live renderer: a process that renders reports from live data, many at once, each in a thread.

Most of these reports wait for a database or a program, and their modules and connections stay loaded. The process that
started it keeps the time limit. A report that ends the process, or runs out of memory beside others, has to be rendered
again alone, so that it harms only itself. Memory is limited by RLIMIT_DATA: the most that one of the running reports
may use, beyond what the process had with its modules loaded.
"""

import json
import os
import resource
import socket
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from schedbot.reports import live
from schedbot.reports.definitions import ReportDefinition
from schedbot.reports.live_protocol import LiveRenderRequest, LiveRenderResponse, build_request, encode
from schedbot.reports.results import RenderedReport

MOST_THREADS = 256
STACK_BYTES = 4 << 20  # each thread counts with its stack
SPARE_BYTES = 32 << 20  # for the renderer itself


@dataclass(slots=True)
class LiveRenderer:
    """State of the process: its socket, and the memory that the running reports may use."""

    end: socket.socket
    pid: int = field(default_factory=os.getpid)
    sending: threading.Lock = field(default_factory=threading.Lock)
    changing: threading.Lock = field(default_factory=threading.Lock)
    limits: dict[int, int] = field(default_factory=dict)  # memory limits of the running requests
    loaded: set[str] = field(default_factory=set)
    baseline: int = field(default_factory=lambda: read_data_bytes())

    def render(self, request: LiveRenderRequest) -> None:
        """Render the reports of a request, and send each result."""
        definition = request.definition
        self.load(definition)
        self.set_limit(request.key, definition.memory_bytes)
        try:
            results = live.render(definition, request.url, request.occurrences)
        except (MemoryError, RuntimeError):  # RuntimeError: no memory for a thread
            results = [out_of_memory(definition)] * len(request.occurrences)
        if os.getpid() != self.pid:  # a process that the report has forked
            os._exit(0)
        self.set_limit(request.key, 0)
        responses = [LiveRenderResponse(request.key, index, rendered) for index, rendered in enumerate(results)]
        with self.sending:
            self.end.sendall(b"".join(encode(response) for response in responses))

    def load(self, definition: ReportDefinition) -> None:
        """Import a report's module before its first rendering: what the module needs is not the report's own."""
        if definition.kind != "python" or definition.place in self.loaded:
            return
        from schedbot.reports.sources import python_function

        before = read_data_bytes()
        python_function.try_load(definition)
        with self.changing:
            self.loaded.add(definition.place)
            self.baseline += max(0, read_data_bytes() - before)

    def set_limit(self, key: int, memory_bytes: int) -> None:
        """Set the limit of the process to the largest of the running reports. 0: the request is done."""
        with self.changing:
            self.limits.pop(key, None)
            if memory_bytes:
                self.limits[key] = memory_bytes
            hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
            limit = self.baseline + SPARE_BYTES + STACK_BYTES * len(self.limits) + max(self.limits.values(), default=0)
            soft = resource.RLIM_INFINITY if not self.limits else limit
            if hard != resource.RLIM_INFINITY:
                soft = hard if soft == resource.RLIM_INFINITY else min(soft, hard)
            resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def serve(end: socket.socket, python_path: list[str], ready: bytes) -> None:
    """Render what is requested until the other end closes. `python_path`: folders of the reports' modules.

    The line `ready` is sent first.
    """
    sys.path[:0] = python_path
    drop_stdout()
    threading.stack_size(STACK_BYTES)
    end.setblocking(True)
    os.register_at_fork(after_in_child=end.close)
    renderer = LiveRenderer(end)
    executor = ThreadPoolExecutor(MOST_THREADS, "report")
    end.sendall(ready)
    with end.makefile("rb") as lines:
        for line in lines:
            executor.submit(renderer.render, build_request(json.loads(line)))
    os._exit(0)  # threads of reports that hang would keep the process


def drop_stdout() -> None:
    """Send what reports print to nowhere: stdout belongs to `schedbot work`. Their stderr goes to its log."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.close(null)


def read_data_bytes() -> int:
    """Return the private writable memory of this process, as RLIMIT_DATA counts it."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmData:"):
            return int(line.split()[1]) << 10
    return 0


def out_of_memory(definition: ReportDefinition) -> RenderedReport:
    """Return the result of a report that used too much memory."""
    return RenderedReport(
        failure=f"It took more than {definition.memory_bytes >> 20} MB of memory.",
        hint=f"Raise 'memory' in [reports.{definition.name}], or read less.",
        is_out_of_memory=True,
    )
