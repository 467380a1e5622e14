"""Faults that were ordered: which request meets which one, and for how many requests it stands.

A fault stands for `times` requests that match it, from the `nth` on; the oldest order that matches is met.
"""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from schedbot.errors import BadInput

FOREVER = "forever"

# Each kind, with its options and their defaults. `stored`: the message gets into the channel all the same.
KINDS: dict[str, dict[str, Any]] = {
    "error": {"code": "internal_error", "detail": "", "stored": False},
    "status": {"status": 500, "body": "", "stored": False},
    "ratelimit": {"retry_after": 1, "stored": False},
    "garbage": {"body": "<html>Service Unavailable</html>", "stored": False},
    "delay": {"ms": 1000},
    "stall": {},
    "drop_before": {},
    "drop_after": {},
    "hold_before": {},
    "hold": {},
}
CONDITIONS: dict[str, Any] = {"channel": "", "workspace": "", "contains": "", "nth": 1, "times": 1}
MOST = 1_000_000
BOUNDS = {"nth": (1, MOST), "times": (1, MOST), "status": (200, 599)}


@dataclass(slots=True)
class Fault:
    """An order. `times` None means until it is cleared; `seen` and `met` count the requests so far."""

    id: int
    kind: str
    method: str
    channel: str
    workspace: str
    contains: str
    nth: int
    times: int | None
    options: dict[str, Any]
    seen: int = 0
    met: int = 0

    def concerns(self, method: str, workspace: str, channel: str, text: str) -> bool:
        """Does the order speak of such a request?"""
        return (
            self.method in ("*", method)
            and self.workspace in ("", workspace)
            and self.channel in ("", channel)
            and self.contains in text
        )

    def is_spent(self) -> bool:
        """Has it been met as often as was ordered?"""
        return self.times is not None and self.met >= self.times

    def told(self) -> dict[str, Any]:
        """The order as JSON has it."""
        conditions = {name: getattr(self, name) for name in CONDITIONS}
        conditions["times"] = FOREVER if self.times is None else self.times
        named = {"id": self.id, "kind": self.kind, "method": self.method}
        return named | conditions | self.options | {"seen": self.seen, "met": self.met}


@dataclass(slots=True)
class Faults:
    """The orders that stand, oldest first."""

    standing: list[Fault] = field(default_factory=list)
    ordered: int = 0

    def order(self, wanted: Mapping[str, Any]) -> Fault:
        """Let a fault stand. `wanted` has `kind`, `method` and conditions and options by name. Raises BadInput."""
        self.ordered += 1
        fault = read(wanted, self.ordered)
        self.standing.append(fault)
        return fault

    def met_by(self, method: str, workspace: str, channel: str, text: str) -> Fault | None:
        """The fault that this request meets, which is then counted."""
        for fault in self.standing:
            if not fault.concerns(method, workspace, channel, text):
                continue
            fault.seen += 1
            if fault.seen >= fault.nth:
                fault.met += 1
                if fault.is_spent():
                    self.standing.remove(fault)
                return fault
        return None

    def clear(self, fault_id: int | None = None) -> int:
        """Take back one order, or all; answers how many stood."""
        before = len(self.standing)
        self.standing = [fault for fault in self.standing if fault_id not in (None, fault.id)]
        return before - len(self.standing)


def read(wanted: Mapping[str, Any], fault_id: int) -> Fault:
    """An order from its words. Raises BadInput with what may be said instead."""
    kind = str(wanted.get("kind", ""))
    if kind not in KINDS:
        raise BadInput(f"No fault is called '{kind}'.", hint=_nearest(kind, list(KINDS)))
    known = CONDITIONS | KINDS[kind]
    values = dict(known)
    for name, value in wanted.items():
        if name in ("kind", "method") or value is None:
            continue
        if name not in known:
            raise BadInput(f"A fault '{kind}' knows no '{name}'.", hint=_nearest(name, list(known)))
        values[name] = _as(known[name], name, value)
    conditions = {name: values.pop(name) for name in CONDITIONS}
    method = str(wanted.get("method") or "chat.postMessage")
    return Fault(fault_id, kind, method, options=values, **conditions)


def parse(line: str) -> dict[str, str]:
    """`METHOD:KIND[:name=value]...` as the words of an order. Raises BadInput."""
    method, *rest = line.split(":")
    if not method or not rest or not rest[0] or "=" in rest[0]:
        hint = "Write METHOD:KIND[:name=value]..., for example chat.postMessage:drop_after:times=3."
        raise BadInput(f"The fault '{line}' has no method and kind.", hint=hint)
    words = {"method": method, "kind": rest[0]}
    for part in rest[1:]:
        name, equals, value = part.partition("=")
        if not equals:
            raise BadInput(f"'{part}' in the fault '{line}' has no value.", hint=f"Write {name}=VALUE.")
        words[name] = value
    return words


def _as(default: Any, name: str, value: Any) -> Any:
    """The value in the type of its default."""
    if name == "times" and str(value) == FOREVER:
        return None
    if isinstance(default, bool):
        return str(value).lower() in ("true", "yes", "1")
    if isinstance(default, int):
        lowest, highest = BOUNDS.get(name, (0, MOST))
        if not str(value).isdecimal() or not lowest <= int(value) <= highest:
            raise BadInput(f"{name} is '{value}'.", hint=f"Write a whole number from {lowest} to {highest}.")
        return int(value)
    return str(value)


def _nearest(word: str, known: list[str]) -> str:
    near = difflib.get_close_matches(word, known, n=1)
    return f"Did you mean '{near[0]}'?" if near else f"There are: {', '.join(known)}."
