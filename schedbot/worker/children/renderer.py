"""Renderer: a child that renders one report at a time, under a memory limit; the pool keeps the time limit.

A template that loops, uses up memory or crashes its process ends its own attempt alone. Where the pool is gone, nobody
would end a renderer that loops: it has an alarm of its own. No limit is above the one that the pool itself has.
"""

import os
import signal
import socket

from schedbot.errors import ReportFailed, redact_tokens
from schedbot.reports.resource_limits import allow_cpu_time, explain_memory_error, limit_resources
from schedbot.worker.protocol import (
    ChildResponse,
    Ready,
    RenderFailed,
    RenderRequest,
    RenderResponse,
    decode_request,
    encode,
)

LONGEST_REASON = 2_000  # a reason may quote the report's output
ALARM_S = 15  # later than the pool's own limit


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


def render(request: RenderRequest) -> ChildResponse:
    """Render a report. Never raises: a template may fail in any way."""
    from schedbot import reports

    report = request.report
    try:
        return RenderResponse(request.job_id, reports.render(report, reports.build_context(request.occurrence)))
    except ReportFailed as error:
        return RenderFailed(request.job_id, str(error)[:LONGEST_REASON])
    except MemoryError:
        return RenderFailed(request.job_id, explain_memory_error())
    except Exception as error:
        return RenderFailed(request.job_id, redact_tokens(f"{type(error).__name__}: {error}")[:300])
