"""Live renderer: a process that renders reports from live data, many at once, each in a thread.

Most of these reports wait for a database or a program, and their modules and connections stay loaded. The process that
started it keeps the time limit; where that is gone and a report holds the GIL, an alarm ends this one. A
report that ends the process, or runs out of memory beside others, has to be rendered again alone, so that it harms
only itself. Memory is limited by RLIMIT_DATA: the most that one of the running reports may use, beyond what the process
had with its modules loaded.
"""

import os
import resource
import signal
import socket
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from schedbot.clock import now_ms
from schedbot.errors import ReportFailed
from schedbot.reports import live
from schedbot.reports.definitions import ReportDefinition
from schedbot.reports.files.attach import write_files
from schedbot.reports.live_protocol import (
    LivePing,
    LivePong,
    LiveRenderRequest,
    LiveRenderResponse,
    decode_request,
    encode,
)
from schedbot.reports.resource_limits import cap
from schedbot.reports.results import RenderedReport
from schedbot.reports.sources.process_session import kill_session
from schedbot.reports.spool import SpoolUnusable

MOST_THREADS = 256
ANSWER_S = 0.5
STACK_BYTES = 4 << 20  # each thread counts with its stack
SPARE_BYTES = 32 << 20  # for the renderer itself
ALARM_S = 15  # later than the limit of the process that started it


@dataclass(slots=True)
class LiveRenderer:
    """State of the process: its socket, and the memory that the running reports may use."""

    end: socket.socket
    pid: int = field(default_factory=os.getpid)
    sending: threading.Lock = field(default_factory=threading.Lock)
    changing: threading.Lock = field(default_factory=threading.Lock)
    limits: dict[int, ReportDefinition] = field(default_factory=dict)  # of the running requests
    loaded: set[str] = field(default_factory=set)
    baseline: int = field(default_factory=lambda: read_data_bytes())

    def render(self, request: LiveRenderRequest) -> None:
        """Render the reports of a request, and send each result."""
        try:
            results = self.find_results(request)
        finally:
            if os.getpid() != self.pid:  # a process that the report has forked
                os._exit(0)
            self.set_limits(request.key, None)
        self.send(*(encode_result(request, index, rendered) for index, rendered in enumerate(results)))

    def find_results(self, request: LiveRenderRequest) -> list[RenderedReport]:
        """Return the result for each occurrence of a request: a failure for whatever is raised."""
        definition = request.definition
        try:
            self.load(definition)
            self.set_limits(request.key, definition)
            results = live.render(definition, request.url, request.occurrences)
            return [keep_files(rendered, request.spool) for rendered in results]
        except MemoryError:
            return [out_of_memory(definition)] * len(request.occurrences)
        except BaseException as error:  # the other end waits for a result
            return [live.unexpected(error, 0, now_ms())] * len(request.occurrences)

    def send(self, *lines: bytes) -> None:
        """Send lines to the other end."""
        with self.sending:
            self.end.sendall(b"".join(lines))

    def answer_ping(self) -> None:
        """Answer that a report which is late is late by itself: neither the GIL nor the async loop is held."""
        from schedbot.reports.sources import python_function

        if python_function.is_loop_free(ANSWER_S):
            self.send(encode(LivePong()))

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

    def set_limits(self, key: int, definition: ReportDefinition | None) -> None:
        """Set memory limit and alarm by the largest of the running reports. None: the request is done."""
        with self.changing:
            self.limits.pop(key, None)
            if definition:
                self.limits[key] = definition
            most_bytes = max((running.memory_bytes for running in self.limits.values()), default=0)
            hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
            limit = self.baseline + SPARE_BYTES + STACK_BYTES * len(self.limits) + most_bytes
            soft = cap(limit, resource.RLIMIT_DATA) if self.limits else hard
            resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))
            longest_ms = max((running.timeout_ms for running in self.limits.values()), default=0)
            signal.setitimer(signal.ITIMER_REAL, longest_ms / 1_000 + ALARM_S if self.limits else 0)


def serve(end: socket.socket, python_path: list[str], ready: bytes) -> None:
    """Render what is requested until the other end closes. `python_path`: folders of the reports' modules.

    The line `ready` is sent first.
    """
    sys.path[:0] = python_path
    drop_stdout()
    threading.stack_size(STACK_BYTES)
    end.setblocking(True)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    os.register_at_fork(after_in_child=lambda: os.close(end.detach()))  # `close` would leave it open for `lines`
    renderer = LiveRenderer(end)
    executor = ThreadPoolExecutor(MOST_THREADS, "report")
    end.sendall(ready)
    with end.makefile("rb") as lines:
        for line in lines:
            request = decode_request(line)
            if isinstance(request, LivePing):
                threading.Thread(target=renderer.answer_ping, daemon=True).start()
            else:
                executor.submit(renderer.render, request)
    if os.getsid(0) == os.getpid():
        kill_session(os.getpid())
    os._exit(0)  # threads of reports that hang would keep the process


def encode_result(request: LiveRenderRequest, index: int, rendered: RenderedReport) -> bytes:
    """Return the line with the result of one occurrence. A message that is no JSON is a failure."""
    try:
        return encode(LiveRenderResponse(request.key, index, rendered))
    except Exception as error:
        failure = live.unusable(request.definition, error, rendered.render_ms, rendered.rendered_at)
        return encode(LiveRenderResponse(request.key, index, failure))


def keep_files(rendered: RenderedReport, folder: str) -> RenderedReport:
    """Return a result whose files are in the spool; a failure if the spool cannot be written."""
    if rendered.message is None or not rendered.message.files:
        return rendered
    try:
        return replace(rendered, message=write_files(rendered.message, folder))
    except SpoolUnusable as error:
        failure = live.failure(ReportFailed(str(error), error.hint), rendered.render_ms, rendered.rendered_at)
        return replace(failure, is_unstored=True)


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
