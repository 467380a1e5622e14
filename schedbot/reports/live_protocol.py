"""Messages between a live renderer and the process that started it: one JSON object a line."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from schedbot.model import build_message
from schedbot.reports.context import LiveOccurrence
from schedbot.reports.definitions import ReportDefinition
from schedbot.reports.results import NotReady, RenderedReport, Skip


@dataclass(frozen=True, slots=True)
class LiveRenderRequest:
    """To a live renderer: render a named report for some occurrences.

    `url`: of its database; it may hold a password. `spool`: folder of its files; empty: their content is not kept.
    """

    key: int
    definition: ReportDefinition
    url: str
    occurrences: tuple[LiveOccurrence, ...]
    spool: str = ""


@dataclass(frozen=True, slots=True)
class LiveRenderResponse:
    """From a live renderer: result of the request's occurrence `index`."""

    key: int
    index: int
    rendered: RenderedReport


@dataclass(frozen=True, slots=True)
class LivePing:
    """To a live renderer: answer at once. A report that holds the GIL keeps it from answering."""


@dataclass(frozen=True, slots=True)
class LivePong:
    """From a live renderer: it answers."""


def encode(message: LiveRenderRequest | LiveRenderResponse | LivePing | LivePong) -> bytes:
    """Return a message as one line, with its class in `type`."""
    return encode_fields(message)


def encode_fields(message: object) -> bytes:
    """Return a dataclass as one line of JSON, with its class in `type`."""
    return _ENCODER.encode({"type": type(message).__name__, **fields_of(message)}).encode() + b"\n"


def fields_of(value: object) -> dict[str, object]:
    """Return the fields of a dataclass by name; nested dataclasses are left for the encoder."""
    kind = type(value)
    if kind not in _FIELD_NAMES:
        if not is_dataclass(value):
            raise TypeError(f"{kind.__name__} cannot be sent to another process")
        _FIELD_NAMES[kind] = tuple(field.name for field in fields(value))
    return {name: getattr(value, name) for name in _FIELD_NAMES[kind]}


_FIELD_NAMES: dict[type, tuple[str, ...]] = {}
_ENCODER = json.JSONEncoder(separators=(",", ":"), default=fields_of)  # to make one costs as much as a message


def decode_request(line: bytes) -> LiveRenderRequest | LivePing:
    """Return a message to a live renderer."""
    content = json.loads(line)
    return LivePing() if content["type"] == "LivePing" else build_request(content)


def build_definition(content: Mapping[str, Any]) -> ReportDefinition:
    """Return a definition from its fields."""
    return ReportDefinition(**{**content, "command": tuple(content["command"])})


def build_request(content: Mapping[str, Any]) -> LiveRenderRequest:
    """Return a request from its fields."""
    definition = build_definition(content["definition"])
    occurrences = tuple(LiveOccurrence(**occurrence) for occurrence in content["occurrences"])
    return LiveRenderRequest(content["key"], definition, content["url"], occurrences, content["spool"])


def build_response(content: Mapping[str, Any]) -> LiveRenderResponse:
    """Return a response from its fields."""
    classes: dict[str, type] = {"skip": Skip, "not_ready": NotReady}
    rendered = content["rendered"]
    nested = {name: make(**rendered[name]) for name, make in classes.items() if rendered[name] is not None}
    if rendered["message"] is not None:
        nested["message"] = build_message(rendered["message"])
    return LiveRenderResponse(content["key"], content["index"], RenderedReport(**{**rendered, **nested}))
