"""Ordered faults: each applies to the requests that match it, from the `nth` on, for `times` requests.

A request meets the oldest fault that matches it.
"""

import difflib
import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from schedbot.errors import BadInput

FOREVER = "forever"

# Kinds with their options and defaults. `stored`: the message is stored in the channel in spite of the fault. `late`:
# an upload is processed, and shared, so long after the response, which may be lost besides.
KINDS: dict[str, dict[str, Any]] = {
    "error": {"code": "internal_error", "detail": "", "stored": False},
    "status": {"status": 500, "body": "", "stored": False},
    "ratelimit": {"retry_after": 1, "stored": False},
    "garbage": {"body": "<html>Service Unavailable</html>", "stored": False},
    "delay": {"ms": 1000},
    "late": {"ms": 1000, "lost": False},
    "stall": {},
    "drop_before": {},
    "drop_after": {},
    "hold_before": {},
    "hold": {},
}
CONDITIONS: dict[str, Any] = {"channel": "", "workspace": "", "contains": "", "nth": 1, "times": 1}
MAX_NUMBER = 1_000_000
OPTION_NAME = re.compile(r"[a-z_]+")
NEXT_OPTION = re.compile(r":(?=[a-z_]+=)")
BOUNDS = {"nth": (1, MAX_NUMBER), "times": (1, MAX_NUMBER), "status": (200, 599)}


@dataclass(slots=True)
class Fault:
    """An ordered fault. `times` is None for a fault that lasts until it is cleared."""

    id: int
    kind: str
    method: str
    channel: str
    workspace: str
    contains: str
    nth: int
    times: int | None
    options: dict[str, Any]
    matched: int = 0
    injected: int = 0

    def matches(self, method: str, workspace: str, channel: str, text: str) -> bool:
        """Does the fault apply to such a request?"""
        return (
            self.method in ("*", method)
            and self.workspace in ("", workspace)
            and self.channel in ("", channel)
            and self.contains in text
        )

    def is_used_up(self) -> bool:
        """Has the fault been injected `times` times?"""
        return self.times is not None and self.injected >= self.times

    def to_json(self) -> dict[str, Any]:
        """Return the fault as the control API shows it; `seen` counts matching requests, `met` injected faults."""
        conditions = {name: getattr(self, name) for name in CONDITIONS}
        conditions["times"] = FOREVER if self.times is None else self.times
        names = {"id": self.id, "kind": self.kind, "method": self.method}
        return names | conditions | self.options | {"seen": self.matched, "met": self.injected}


@dataclass(slots=True)
class ActiveFaults:
    """The active faults, oldest first."""

    active: list[Fault] = field(default_factory=list)
    last_id: int = 0

    def order(self, fields: Mapping[str, Any]) -> Fault:
        """Add a fault from `kind`, `method`, conditions and options by name. Raises BadInput."""
        self.last_id += 1
        fault = build_fault(fields, self.last_id)
        self.active.append(fault)
        return fault

    def next_for(self, method: str, workspace: str, channel: str, text: str) -> Fault | None:
        """Return the fault for this request and count it, or None."""
        for fault in self.active:
            if not fault.matches(method, workspace, channel, text):
                continue
            fault.matched += 1
            if fault.matched >= fault.nth:
                fault.injected += 1
                if fault.is_used_up():
                    self.active.remove(fault)
                return fault
        return None

    def clear(self, fault_id: int | None = None) -> int:
        """Remove the fault with this id, or all. Returns the number removed."""
        before = len(self.active)
        self.active = [fault for fault in self.active if fault_id not in (None, fault.id)]
        return before - len(self.active)


def build_fault(fields: Mapping[str, Any], fault_id: int) -> Fault:
    """Return a fault with these fields. Raises BadInput with the valid names as a hint."""
    kind = str(fields.get("kind", ""))
    if kind not in KINDS:
        raise BadInput(f"Unknown fault kind '{kind}'.", hint=_suggest(kind, list(KINDS)))
    defaults = CONDITIONS | KINDS[kind]
    values = dict(defaults)
    for name, value in fields.items():
        if name in ("kind", "method") or value is None:
            continue
        if name not in defaults:
            raise BadInput(f"The fault '{kind}' has no option '{name}'.", hint=_suggest(name, list(defaults)))
        values[name] = _convert(defaults[name], name, value)
    conditions = {name: values.pop(name) for name in CONDITIONS}
    method = str(fields.get("method") or "chat.postMessage")
    return Fault(fault_id, kind, method, options=values, **conditions)


def parse_line(line: str) -> dict[str, str]:
    """Return the fields in `METHOD:KIND[:name=value]...`. Raises BadInput.

    A value may contain colons; a value with `:name=` in it is written as a JSON string, in double quotes.
    """
    method, _, rest = line.partition(":")
    kind, _, rest = rest.partition(":")
    if not method or not kind or "=" in kind:
        hint = "Write METHOD:KIND[:name=value]..., for example chat.postMessage:drop_after:times=3."
        raise BadInput(f"The fault '{line}' lacks a method or a kind.", hint=hint)
    fields = {"method": method, "kind": kind}
    while rest:
        name, equals, _ = rest.partition("=")
        if not equals or not OPTION_NAME.fullmatch(name):
            part = rest.partition(":")[0]
            name = part.partition("=")[0]
            raise BadInput(f"'{part}' in the fault '{line}' has no value.", hint=f"Write {name}=VALUE.")
        fields[name], rest = _take_value(rest[len(name) + 1 :])
    return fields


def _take_value(rest: str) -> tuple[str, str]:
    """Return the value at the start of the text, and the text of the options after it."""
    if rest.startswith('"'):
        with suppress(ValueError):
            value, end = json.JSONDecoder().raw_decode(rest)
            if rest[end : end + 1] in ("", ":"):
                return value, rest[end + 1 :]
    next_option = NEXT_OPTION.search(rest)
    return (rest[: next_option.start()], rest[next_option.start() + 1 :]) if next_option else (rest, "")


def _convert(default: Any, name: str, value: Any) -> Any:
    """Return the value in the type of its default."""
    if name == "times" and str(value) == FOREVER:
        return None
    if isinstance(default, bool):
        return str(value).lower() in ("true", "yes", "1")
    if isinstance(default, int):
        lowest, highest = BOUNDS.get(name, (0, MAX_NUMBER))
        if not str(value).isdecimal() or not lowest <= int(value) <= highest:
            hint = f"Write a whole number from {lowest} to {highest}."
            raise BadInput(f"The value '{value}' of {name} is invalid.", hint=hint)
        return int(value)
    return str(value)


def _suggest(word: str, names: list[str]) -> str:
    matches = difflib.get_close_matches(word, names, n=1)
    return f"Did you mean '{matches[0]}'?" if matches else f"Use one of: {', '.join(names)}."
