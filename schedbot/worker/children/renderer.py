"""Renderer: a child that renders one report at a time, under a memory limit; the pool keeps the time limit.

A template that loops, uses up memory or crashes its process ends its own attempt alone. Where the pool is gone, nobody
would end a renderer that loops: it has an alarm of its own. No limit is above the one that the pool itself has.
"""

import math
import os
import resource
import signal
import socket

from schedbot.errors import ReportFailed
from schedbot.worker.protocol import (
    ChildResponse,
    Ready,
    RenderFailed,
    RenderRequest,
    RenderResponse,
    decode_request,
    encode,
)

MEMORY_BYTES = 1 << 30
FILE_BYTES = 1 << 26
# A renderer needs no more of the environment, which may hold secrets.
VARIABLES = frozenset({"PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TZDIR", "TMPDIR", "LD_LIBRARY_PATH"}) | {
    f"PYTHON{name}" for name in ("PATH", "HOME", "TZPATH", "UTF8", "DONTWRITEBYTECODE")
}
LONGEST_REASON = 2_000  # a reason may quote the report's output
ALARM_S = 15  # later than the pool's own limit
CPU_S = 10  # of processor time for one report, on all cores together


def run(end: socket.socket) -> None:
    """Run a renderer until the pool closes the socket."""
    limit_resources()
    # Loaded now, since an upgrade may replace the files later.
    from schedbot.reports.sources import template  # noqa: F401

    end.setblocking(True)
    end.sendall(encode(Ready()))
    with end.makefile("rb") as lines:
        for line in lines:
            signal.alarm(ALARM_S)  # without a handler, it ends the renderer
            allow_cpu_time()
            request = decode_request(line)
            assert isinstance(request, RenderRequest)
            response = render(request)
            signal.alarm(0)
            end.sendall(encode(response))
    os._exit(0)


def limit_resources() -> None:
    """Limit this process: memory, size of files, no core dump, and no process or thread beside it.

    NPROC counts all processes of the user, but it is compared only when this process starts another: 0 forbids that,
    and does not touch the user's other processes. Root is exempt from it.
    """
    limits = {
        resource.RLIMIT_AS: MEMORY_BYTES,
        resource.RLIMIT_FSIZE: FILE_BYTES,
        resource.RLIMIT_NPROC: 0,
        resource.RLIMIT_CORE: 0,
    }
    for kind, limit in limits.items():
        bound = cap(limit, kind)
        resource.setrlimit(kind, (bound, bound))


def cap(limit: int, kind: int) -> int:
    """Return the limit, or the hard limit of this process if that is lower."""
    hard = resource.getrlimit(kind)[1]
    return limit if hard == resource.RLIM_INFINITY else min(limit, hard)


def allow_cpu_time() -> None:
    """Allow CPU_S more of processor time. SIGXCPU ends a renderer that uses more."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    limit = cap(math.ceil(usage.ru_utime + usage.ru_stime) + CPU_S, resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def render(request: RenderRequest) -> ChildResponse:
    """Render a report. Never raises: a template may fail in any way."""
    from schedbot import reports

    report = request.report
    try:
        names = reports.build_context(request.schedule_name, request.account, request.due_at, request.tz, report.params)
        return RenderResponse(request.job_id, reports.render(report, names))
    except ReportFailed as error:
        return RenderFailed(request.job_id, str(error)[:LONGEST_REASON])
    except MemoryError:
        return RenderFailed(
            request.job_id, f"It took more than {cap(MEMORY_BYTES, resource.RLIMIT_AS) >> 20} MB of memory."
        )
    except Exception as error:
        return RenderFailed(request.job_id, f"{type(error).__name__}: {error}"[:300])
