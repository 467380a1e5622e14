"""Render reports for a command, in a child process with limits of memory and time.

A text is rendered at once. The first report of another kind starts the child, which serves the command until its end.
The child gets no variable of the environment that may hold a token.
"""

import atexit
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from dataclasses import fields
from typing import Any, NamedTuple

from schedbot import reports
from schedbot.errors import ReportFailed, SchedbotError
from schedbot.model import Message, Report
from schedbot.reports import render_child, resource_limits
from schedbot.reports.context import LiveOccurrence

# The child waits for a processor or a disk too, so it has more time than processor time.
LONGEST_WAIT_S = 3 * resource_limits.CPU_S
CODE = """
import sys
sys.path[:] = sys.argv[2:]
from schedbot.reports import render_child
render_child.main(int(sys.argv[1]))
"""


class Rendered(NamedTuple):
    """Result of a report: its message or its error, and the names of the values of the occurrence that it used.

    `used` None: the report ended its process, so nothing is known.
    """

    result: Message | ReportFailed
    used: frozenset[str] | None


class RenderProcess:
    """A child that renders one report at a time."""

    def __init__(self) -> None:
        self.end, child_end = socket.socketpair()
        descriptor = child_end.fileno()
        with child_end:
            self.child = subprocess.Popen(
                [sys.executable, "-c", CODE, str(descriptor), *sys.path],
                env={name: text for name, text in os.environ.items() if name in resource_limits.VARIABLES},
                pass_fds=[descriptor],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        self.end.settimeout(LONGEST_WAIT_S)
        self.lines = self.end.makefile("rb")

    def read_line(self) -> bytes:
        """Return the child's next line, or nothing once it has ended. Raises TimeoutError."""
        try:
            return self.lines.readline()
        except ConnectionError:
            return b""

    def render(self, report: Report, occurrence: LiveOccurrence) -> Rendered:
        """Return the message of a report. Raises SchedbotError for a child that has ended before."""
        request = {"report": fields_of(report), "occurrence": fields_of(occurrence)}
        try:
            self.end.sendall(json.dumps(request).encode() + b"\n")
            line = self.read_line()
        except TimeoutError:
            return Rendered(took_too_long(), None)
        except OSError:
            line = b""
        if not line:
            return Rendered(self.explain_end(), None)
        response = json.loads(line)
        return Rendered(render_child.decode(response), frozenset(response.get("used", ())))

    def explain_end(self) -> ReportFailed:
        """Return the error of a report that ended its process."""
        code = self.child.wait(LONGEST_WAIT_S)
        return took_too_long() if code == -signal.SIGXCPU else ReportFailed(f"It ended its process (exit code {code}).")

    def close(self) -> None:
        """End the child."""
        self.child.kill()
        self.child.wait()
        self.lines.close()
        self.end.close()


def fields_of(value: Report | LiveOccurrence) -> dict[str, Any]:
    """Return the fields by name, without the deep copies of `dataclasses.asdict`."""
    return {field.name: getattr(value, field.name) for field in fields(value)}


def took_too_long() -> ReportFailed:
    return ReportFailed(
        f"It took more than {resource_limits.CPU_S} s.", hint="Shorten its loops, or compute its values beforehand."
    )


def render(report: Report, occurrence: LiveOccurrence) -> Message:
    """Return the message of a report. Raises ReportFailed."""
    result = render_fully(report, occurrence).result
    if isinstance(result, ReportFailed):
        raise result
    return result


def render_fully(report: Report, occurrence: LiveOccurrence) -> Rendered:
    """Return the message or the error of a report, with the values that it used."""
    if report.kind == "text":
        return Rendered(reports.render(report, {}), frozenset())
    rendered, is_killed = render_in_process(report, occurrence)
    return render_in_process(report, occurrence)[0] if is_killed else rendered


def render_in_process(report: Report, occurrence: LiveOccurrence) -> tuple[Rendered, bool]:
    """Return the result of a report, and whether another program ended the child."""
    with _one_at_a_time:
        process = get_process()
        rendered = process.render(report, occurrence)
        is_killed = process.child.returncode in resource_limits.KILLED
        if rendered.used is None:
            end_process()
    return rendered, is_killed


_running: list[RenderProcess] = []  # at most one
_one_at_a_time = threading.Lock()  # of the threads of a product: the child answers one request after the other


def forget_process() -> None:
    """Leave the child to the process that forked this one: two would read each other's answers."""
    global _one_at_a_time
    _one_at_a_time = threading.Lock()
    _running.clear()


os.register_at_fork(after_in_child=forget_process)


def get_process() -> RenderProcess:
    """Return the running child; start the first, or another where it has ended. Raises SchedbotError."""
    if _running and _running[0].child.poll() is not None:
        end_process()
    if not _running:
        _running.append(start_process())
        atexit.register(end_process)
    return _running[0]


def end_process() -> None:
    """End the child, if it runs."""
    while _running:
        _running.pop().close()


def start_process() -> RenderProcess:
    """Start a child and wait until it is ready. Raises SchedbotError."""
    try:
        process = RenderProcess()
        if process.read_line() == render_child.READY:
            return process
        reason = f"it ended at its start (exit code {process.child.wait(LONGEST_WAIT_S)})"
        process.close()
    except (OSError, subprocess.SubprocessError) as error:
        reason = (getattr(error, "strerror", None) or str(error) or "unknown").lower()
    raise SchedbotError(
        f"The process that renders reports cannot start: {reason}.",
        hint="It needs memory and a free process: look at 'ulimit -a', then try again.",
    )
