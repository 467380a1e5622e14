"""Parent and child talk over a socket: whole sayings come out however the bytes arrived, and nobody blocks."""

import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from schedbot.worker.children.pipe import Wire, spoken


@pytest.fixture
def ends() -> Iterator[tuple[Wire, socket.socket]]:
    ours, theirs = socket.socketpair()
    theirs.settimeout(5)
    wire = Wire(ours)
    yield wire, theirs
    wire.close()
    theirs.close()


def test_a_saying_that_comes_byte_by_byte_is_heard_once_and_whole(ends: tuple[Wire, socket.socket]) -> None:
    wire, child = ends
    heard: list[dict[str, Any]] = []
    for byte in spoken({"did": "sent", "text": "Grüße ☕"}):
        child.sendall(bytes([byte]))
        heard += wire.heard() or []
    assert heard == [{"did": "sent", "text": "Grüße ☕"}]


def test_sayings_that_come_together_are_heard_apart_and_in_order(ends: tuple[Wire, socket.socket]) -> None:
    wire, child = ends
    child.sendall(b"".join(spoken({"job": number}) for number in range(100)) + b'{"job":')
    assert wire.heard() == [{"job": number} for number in range(100)]
    child.sendall(b"100}\n")
    assert wire.heard() == [{"job": 100}]


def test_nothing_said_is_no_end(ends: tuple[Wire, socket.socket]) -> None:
    assert ends[0].heard() == []


def test_what_a_child_said_before_it_died_is_heard_before_its_end(ends: tuple[Wire, socket.socket]) -> None:
    wire, child = ends
    child.sendall(spoken({"job": 1}) + b'{"jo')
    child.close()
    assert wire.heard() == [{"job": 1}]
    assert wire.heard() is None


def test_a_child_that_does_not_read_blocks_nobody_and_misses_nothing(ends: tuple[Wire, socket.socket]) -> None:
    wire, child = ends
    long = "x" * 3_000_000
    for number in range(3):
        wire.say({"job": number, "text": long})
        wire.flush()
    assert wire.blocked
    with child.makefile("rb") as lines:
        wire.socket.setblocking(False)
        received = [json.loads(read_line(wire, lines, child)) for _ in range(3)]
    assert received == [{"job": number, "text": long} for number in range(3)]
    assert not wire.blocked


def read_line(wire: Wire, lines: Any, child: socket.socket) -> bytes:
    """One line, with the parent writing on between the reads."""
    child.setblocking(False)
    line = b""
    while not line.endswith(b"\n"):
        wire.flush()
        line += lines.readline() or b""
    return line


def test_what_is_said_to_a_dead_child_is_let_go(ends: tuple[Wire, socket.socket]) -> None:
    wire, child = ends
    child.close()
    wire.say({"job": 1})
    wire.flush()
    assert not wire.blocked
    assert wire.heard() is None
