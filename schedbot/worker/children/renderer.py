"""A press is a child that renders templates: one at a time, under a memory limit; its parent keeps the time limit.

A template that loops for ever, eats memory or takes its process down ends its own attempt, and nothing else. Where the
parent is gone, nobody would end one that loops: the press has an alarm of its own for that.
"""

import os
import resource
import signal
import socket
from collections.abc import Mapping
from typing import Any

from schedbot.errors import ReportFailed
from schedbot.model import Report
from schedbot.worker.children.pipe import spoken

MEMORY_BYTES = 1 << 30
LONGEST_WHY = 2_000  # a reason may quote what the report made
ALARM_S = 15  # later than its parent would have ended it


def run(end: socket.socket) -> None:
    """A press's life: it ends with its parent's end of the socket."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    # All that will be used: an upgrade may replace it on the disk.
    from schedbot.reports.sources import template  # noqa: F401

    end.setblocking(True)
    end.sendall(spoken({"did": "ready"}))
    with end.makefile("rb") as lines:
        for line in lines:
            signal.alarm(ALARM_S)  # nobody catches it: it ends the press
            told = rendered(line)
            signal.alarm(0)
            end.sendall(spoken(told))
    os._exit(0)


def rendered(line: bytes) -> Mapping[str, Any]:
    """What became of one report."""
    import json

    from schedbot import reports

    saying = json.loads(line)
    job = saying["job"]
    try:
        message = reports.render(Report(**saying["report"]), reports.build_context(**saying["context"]))
        return {"did": "rendered", "job": job, "text": message.text, "blocks": list(message.blocks)}
    except ReportFailed as error:
        return {"did": "not_rendered", "job": job, "why": str(error)[:LONGEST_WHY]}
    except MemoryError:
        return {"did": "not_rendered", "job": job, "why": f"It took more than {MEMORY_BYTES >> 20} MB of memory."}
    except Exception as error:
        # A template may fail in any way; it ends its own attempt alone.
        return {"did": "not_rendered", "job": job, "why": f"{type(error).__name__}: {error}"[:300]}
