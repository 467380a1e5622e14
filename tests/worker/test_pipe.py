"""Pipe to a child: lines arrive whole however the bytes come, and neither side blocks the pool."""

import socket
from collections.abc import Iterator
from io import BufferedReader

import pytest

from schedbot.worker.children.pipe import Pipe


@pytest.fixture
def ends() -> Iterator[tuple[Pipe, socket.socket]]:
    pool_end, child_end = socket.socketpair()
    child_end.settimeout(5)
    pipe = Pipe(pool_end)
    yield pipe, child_end
    pipe.close()
    child_end.close()


def test_line_in_single_bytes_arrives_once_and_whole(ends: tuple[Pipe, socket.socket]) -> None:
    pipe, child = ends
    received: list[bytes] = []
    for byte in "Grüße ☕\n".encode():
        child.sendall(bytes([byte]))
        received += pipe.receive() or []
    assert received == ["Grüße ☕".encode()]


def test_lines_in_one_chunk_arrive_separately_and_in_order(ends: tuple[Pipe, socket.socket]) -> None:
    pipe, child = ends
    child.sendall(b"".join(b"%d\n" % number for number in range(100)) + b"last ")
    assert pipe.receive() == [b"%d" % number for number in range(100)]
    child.sendall(b"line\n")
    assert pipe.receive() == [b"last line"]


def test_silent_child_is_not_gone(ends: tuple[Pipe, socket.socket]) -> None:
    assert ends[0].receive() == []


def test_last_lines_of_dead_child_arrive_before_its_end(ends: tuple[Pipe, socket.socket]) -> None:
    pipe, child = ends
    child.sendall(b"whole\nhal")
    child.close()
    assert pipe.receive() == [b"whole"]
    assert pipe.receive() is None


def test_child_that_does_not_read_blocks_nothing(ends: tuple[Pipe, socket.socket]) -> None:
    pipe, child = ends
    lines = [b"%d" % number + b"x" * 3_000_000 + b"\n" for number in range(3)]
    for line in lines:
        pipe.send(line)
        pipe.flush()
    assert pipe.is_blocked
    with child.makefile("rb") as reader:
        child.setblocking(False)
        assert [read_line(pipe, reader) for _ in range(3)] == lines
    assert not pipe.is_blocked


def read_line(pipe: Pipe, reader: BufferedReader) -> bytes:
    """Read one line, while the pool writes on between the reads."""
    line = b""
    while not line.endswith(b"\n"):
        pipe.flush()
        line += reader.readline() or b""
    return line


def test_lines_to_dead_child_are_dropped(ends: tuple[Pipe, socket.socket]) -> None:
    pipe, child = ends
    child.close()
    pipe.send(b"line\n")
    pipe.flush()
    assert not pipe.is_blocked
    assert pipe.receive() is None
