"""Render named reports for a command, in live renderers that it starts: many reports at once, each under its limits.

A report that ends its process, or fills its memory beside others, is rendered again alone.
"""

import json
import math
import os
import select
import socket
import subprocess
import sys
import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count, islice

from schedbot.errors import SchedbotError, is_secret_variable
from schedbot.reports import resource_limits
from schedbot.reports.context import LiveOccurrence
from schedbot.reports.definitions import Definitions, ReportDefinition
from schedbot.reports.live_protocol import (
    LivePing,
    LivePong,
    LiveRenderRequest,
    LiveRenderResponse,
    build_response,
    encode,
)
from schedbot.reports.results import RenderedReport, explain_end, time_is_over
from schedbot.reports.sources.process_session import kill_session

MOST_RUNNING = 100  # reports in one process
START_S = 30
ANSWER_S = 1
READY = b'{"ready":true}\n'
CODE = f"""
import importlib, os, socket, sys
sys.path[:] = sys.argv[4:]
child = importlib.import_module(sys.argv[3])
python_path = sys.argv[2].split(os.pathsep) if sys.argv[2] else []
child.serve(socket.socket(fileno=int(sys.argv[1])), python_path, {READY!r})
"""
KEYS = count(1)


class LiveProcess:
    """A live renderer of this command, or a process of another `module`. Raises SchedbotError if it cannot start."""

    def __init__(self, python_path: tuple[str, ...], module: str = "schedbot.reports.live_child") -> None:
        self.end, child_end = socket.socketpair()
        with child_end:
            self.child = subprocess.Popen(
                [sys.executable, "-c", CODE, str(child_end.fileno()), os.pathsep.join(python_path), module, *sys.path],
                env={name: value for name, value in os.environ.items() if not is_secret_variable(name, value)},
                pass_fds=[child_end.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                start_new_session=True,
            )
        self.received = b""
        if not self.is_ready():
            self.close()
            raise SchedbotError(
                "The process that renders reports does not start.",
                hint="It needs memory and a free process: look at 'ulimit -a', then try again.",
            )

    def is_ready(self) -> bool:
        """Wait for the process to start. Returns False for one that ends or takes too long."""
        try:
            return self.receive(time.monotonic() + START_S) == READY.strip()
        except EOFError:
            return False

    def send(self, line: bytes) -> None:
        """Send a request. `receive` notices a dead process."""
        try:
            self.end.sendall(line)
        except OSError:
            return

    def receive(self, until: float) -> bytes | None:
        """Return the next line; None at `until` (monotonic seconds). Raises EOFError once the process has ended."""
        while b"\n" not in self.received:
            ready, _, _ = select.select([self.end], [], [], max(0.0, until - time.monotonic()))
            if not ready:
                return None
            try:
                chunk = self.end.recv(1 << 18)
            except ConnectionError:
                chunk = b""
            if not chunk:
                raise EOFError
            self.received += chunk
        line, _, self.received = self.received.partition(b"\n")
        return line

    def is_answering(self) -> bool:
        """Does the process answer? Not while a report holds the GIL. Other responses are dropped."""
        self.send(encode(LivePing()))
        until = time.monotonic() + ANSWER_S
        try:
            while line := self.receive(until):
                if json.loads(line)["type"] == LivePong.__name__:
                    return True
        except EOFError:
            pass
        return False

    def close(self) -> None:
        """End the process."""
        self.child.kill()
        kill_session(self.child.pid)
        self.child.wait()
        self.end.close()


@dataclass(slots=True)
class LiveRequest:
    """A report to render for one occurrence. `url`: of its database. `overdue_at`: monotonic seconds.

    `is_alone`: its process has had no other report, so it is at fault if the memory is full.
    """

    definition: ReportDefinition
    url: str
    occurrence: LiveOccurrence
    overdue_at: float = math.inf
    is_alone: bool = True
    key: int = field(default_factory=KEYS.__next__)


@dataclass(frozen=True, slots=True)
class LiveResult:
    """The result of a request."""

    request: LiveRequest
    rendered: RenderedReport


def build_live_request(definitions: Definitions, name: str, occurrence: LiveOccurrence) -> LiveRequest:
    """Return the request for a named report. Raises BadInput for a report or database that cannot be used."""
    definition = definitions.find(name)
    return LiveRequest(definition, definitions.find_url(definition), occurrence)


@dataclass(slots=True)
class LiveClient:
    """Renders requests one after the other or many at once. Its processes end with `close`.

    `spool`: folder for the files of reports; empty: their content is not kept.

    `is_used`: the process has had a report. `is_filled`: a report had no memory in it; it is replaced once its other
    reports are done.
    """

    python_path: tuple[str, ...]
    spool: str = ""
    process: LiveProcess | None = None
    running: dict[int, LiveRequest] = field(default_factory=dict)
    waiting: deque[LiveRequest] = field(default_factory=deque)
    is_second_try: bool = False
    is_used: bool = False
    is_filled: bool = False

    def render(self, requests: Iterable[LiveRequest]) -> Iterator[LiveResult]:
        """Yield the result of each request, as soon as it is there. Raises SchedbotError if no process can start."""
        source = iter(requests)
        while True:
            self.waiting.extend(islice(source, max(0, MOST_RUNNING - len(self.waiting))))
            self.start_waiting()
            if not self.running:
                return
            yield from self.receive()

    def start_waiting(self) -> None:
        """Send what waits, within the limits. A process that is full gets nothing, and ends."""
        if self.is_filled and self.running:
            return
        if self.is_filled:
            self.end_process()
        active = Counter(request.definition.name for request in self.running.values())
        for _ in range(len(self.waiting)):
            if len(self.running) >= MOST_RUNNING:
                return
            request = self.waiting.popleft()
            if active[request.definition.name] >= request.definition.concurrency:
                self.waiting.append(request)
                continue
            active[request.definition.name] += 1
            self.start(request)

    def start(self, request: LiveRequest) -> None:
        """Send a request to the process."""
        self.process = self.process or LiveProcess(self.python_path)
        request.is_alone, self.is_used = not self.is_used, True
        for neighbour in self.running.values():
            neighbour.is_alone = False
        request.overdue_at = time.monotonic() + request.definition.end_after_ms / 1000
        self.running[request.key] = request
        message = LiveRenderRequest(request.key, request.definition, request.url, (request.occurrence,), self.spool)
        self.process.send(encode(message))

    def receive(self) -> Iterator[LiveResult]:
        """Wait for the next response, and yield what it decides."""
        assert self.process is not None
        try:
            line = self.process.receive(min(request.overdue_at for request in self.running.values()))
        except EOFError:
            yield from self.explain_end()
            return
        if line is None:
            yield from self.end_overdue()
        else:
            yield from self.take(build_response(json.loads(line)))

    def take(self, response: LiveRenderResponse) -> Iterator[LiveResult]:
        """Yield the result of a response. A report that had no memory after others is rendered alone."""
        request = self.running.pop(response.key)
        self.is_filled = self.is_filled or response.rendered.is_out_of_memory
        if response.rendered.is_out_of_memory and not request.is_alone:
            yield self.render_alone(request)
        else:
            yield LiveResult(request, response.rendered)

    def explain_end(self) -> Iterator[LiveResult]:
        """The process has ended: yield the result of each running report, rendered alone.

        A report that was alone is rendered once more if another program ended the process.
        """
        assert self.process is not None
        self.process.child.wait(START_S)
        requests, exit_code = self.end_process()
        is_killed = exit_code in resource_limits.KILLED and not self.is_second_try
        if len(requests) == 1 and not is_killed:
            yield LiveResult(requests[0], RenderedReport(failure=explain_end(exit_code)))
            return
        for request in requests:
            yield self.render_alone(request)

    def end_overdue(self) -> Iterator[LiveResult]:
        """Yield the failure of each report that takes too long. The others begin again in another process.

        Where the process does not answer, any of them may be at fault, and each is rendered alone.
        """
        assert self.process is not None
        now = time.monotonic()
        is_stuck = len(self.running) > 1 and not self.process.is_answering()
        requests, _ = self.end_process()
        for request in requests:
            if is_stuck:
                yield self.render_alone(request)
                continue
            if request.overdue_at > now:
                self.waiting.appendleft(request)
                continue
            yield LiveResult(request, time_is_over(request.definition))

    def render_alone(self, request: LiveRequest) -> LiveResult:
        """Return the result of a report in a process of its own."""
        client = LiveClient(self.python_path, self.spool, is_second_try=True)
        try:
            return next(client.render([request]))
        finally:
            client.close()

    def end_process(self) -> tuple[list[LiveRequest], int | None]:
        """End the process. Return its requests, and its exit code."""
        requests = list(self.running.values())
        self.running.clear()
        self.is_used = self.is_filled = False
        exit_code = None
        if self.process:
            self.process.close()
            exit_code, self.process = self.process.child.returncode, None
        return requests, exit_code

    def close(self) -> None:
        """End the process, if it runs."""
        self.end_process()
