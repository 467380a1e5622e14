"""Child process of a command that renders reports: one request a line, one response a line, under limits.

A request names the report and its occurrence; the response has the message or the error, and the names of the values
that the report has used.
"""

import json
import os
import socket
from collections.abc import Mapping
from typing import Any

from schedbot import reports
from schedbot.errors import ReportFailed, redact_tokens
from schedbot.model import Message, Report
from schedbot.reports import resource_limits
from schedbot.reports.context import LiveOccurrence

LONGEST_REASON = 2_000  # a reason may quote the report's output
READY = b'{"ready":true}\n'


def main(descriptor: int) -> None:
    """Render reports until the command closes its end of the socket."""
    end = socket.socket(fileno=descriptor)
    resource_limits.limit_resources()
    with end.makefile("rb") as requests:
        end.sendall(READY)
        for request in requests:
            resource_limits.allow_cpu_time()
            end.sendall(respond(json.loads(request)))
    os._exit(0)


def respond(request: Mapping[str, Any]) -> bytes:
    """Return the response to a request, as a line. Never raises: a report may fail in any way."""
    try:
        fields = render(request)
        line = json.dumps(fields)
    except MemoryError:
        line = json.dumps(error_fields(resource_limits.explain_memory_error()))
    except Exception as error:
        line = json.dumps(error_fields(redact_tokens(f"{type(error).__name__}: {error}")[:300]))
    return line.encode() + b"\n"


def render(request: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of the message or of the error, and the names of the values that the report used."""
    report = Report(**request["report"])
    context = reports.build_context(LiveOccurrence(**request["occurrence"]))
    try:
        fields = message_fields(reports.render(report, context))
    except ReportFailed as error:
        fields = error_fields(str(error)[:LONGEST_REASON], error.hint[:LONGEST_REASON])
    return {**fields, "used": sorted(context.used)}


def message_fields(message: Message) -> dict[str, Any]:
    """Return the fields of a message, which has no files, without the deep copies of `dataclasses.asdict`."""
    continuation = [message_fields(part) for part in message.continuation]
    return {
        "text": message.text,
        "blocks": message.blocks,
        "attachments": message.attachments,
        "continuation": continuation,
    }


def error_fields(reason: str, hint: str = "") -> dict[str, Any]:
    return {"error": reason, "hint": hint}


def decode(response: Mapping[str, Any]) -> Message | ReportFailed:
    """Return the message or the error of a response."""
    if "error" in response:
        return ReportFailed(response["error"], hint=response["hint"])
    parts = tuple(part for part in map(decode, response["continuation"]) if isinstance(part, Message))
    blocks, attachments = tuple(response["blocks"]), tuple(response["attachments"])
    return Message(response["text"], blocks, attachments=attachments, continuation=parts)
