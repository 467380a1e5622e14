"""Server that answers each post as Slack answers a post that it takes, in a process of its own.

It costs the machine as little as a server in Python can (its figure `cpu_us` says how much): one loop over epoll, no
library of HTTP, and a fixed answer. A post that has arrived at T is answered at T + `answer_s`.
"""

import multiprocessing
import re
import select
import socket
import time
from collections import deque
from multiprocessing.connection import Connection
from typing import NamedTuple

CHUNK = 1 << 16
BACKLOG = 2_000
CHANNEL = re.compile(rb'"channel": ?"([A-Z0-9]+)"')
LENGTH = re.compile(rb"(?i)content-length: *(\d+)")
REPLY = b'{"ok": true, "channel": "%b", "ts": "1700000000.000100"}'
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"


class Arrivals(NamedTuple):
    """Posts since the last call: instants of their arrival in milliseconds, in order; processor time for each."""

    instants: list[float]
    cpu_us: float


class Loop:
    """The loop of the server: connections by descriptor, requests that are not complete, and answers that wait."""

    def __init__(self, pipe: Connection, answer_s: float) -> None:
        self.pipe, self.answer_s = pipe, answer_s
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)
        self.listener.setblocking(False)
        self.poll = select.epoll()
        self.connections: dict[int, socket.socket] = {}
        self.partial: dict[int, bytes] = {}
        self.waiting: deque[tuple[float, int, bytes]] = deque()
        self.arrivals: list[int] = []
        self.cpu_before = time.process_time()

    def run(self) -> None:
        """Serve until the process is killed."""
        self.poll.register(self.listener, select.EPOLLIN)
        self.poll.register(self.pipe.fileno(), select.EPOLLIN)
        self.pipe.send(self.listener.getsockname()[1])
        listener, pipe = self.listener.fileno(), self.pipe.fileno()
        while True:
            timeout = max(0, self.waiting[0][0] - time.monotonic()) if self.waiting else None
            for descriptor, _ in self.poll.poll(timeout):
                if descriptor == listener:
                    self.accept()
                elif descriptor == pipe:
                    self.report()
                else:
                    self.read(descriptor)
            self.answer_due()

    def accept(self) -> None:
        """Take all connections that wait."""
        while True:
            try:
                connection, _ = self.listener.accept()
            except BlockingIOError:
                return
            connection.setblocking(False)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections[connection.fileno()] = connection
            self.poll.register(connection, select.EPOLLIN)

    def read(self, descriptor: int) -> None:
        """Read a request, and answer it at once or later. A client sends no second one before the answer."""
        connection = self.connections[descriptor]
        try:
            chunk = connection.recv(CHUNK)
        except OSError:
            chunk = b""
        if not chunk:
            self.partial.pop(descriptor, None)
            del self.connections[descriptor]
            connection.close()
            return
        data = self.partial.pop(descriptor, b"") + chunk
        end, length = data.find(b"\r\n\r\n") + 4, LENGTH.search(data)
        if end < 4 or len(data) < end + (int(length[1]) if length else 0):
            self.partial[descriptor] = data
            return
        self.arrivals.append(time.time_ns())
        channel = CHANNEL.search(data, end)
        reply = REPLY % (channel[1] if channel else b"")
        answer = ANSWER % (len(reply), reply)
        if self.answer_s:
            self.waiting.append((time.monotonic() + self.answer_s, descriptor, answer))
        else:
            connection.send(answer)

    def answer_due(self) -> None:
        """Send the answers that are due. All wait equally long, so the first is always the next."""
        while self.waiting and self.waiting[0][0] <= time.monotonic():
            _, descriptor, answer = self.waiting.popleft()
            if connection := self.connections.get(descriptor):
                connection.send(answer)

    def report(self) -> None:
        """Send what has arrived since the last report, or only its number; then forget it."""
        if self.pipe.recv() == "count":
            self.pipe.send(len(self.arrivals))
            return
        cpu = time.process_time()
        spent_us = (cpu - self.cpu_before) * 1e6 / max(1, len(self.arrivals))
        self.pipe.send(([at / 1e6 for at in self.arrivals], spent_us))
        self.arrivals.clear()
        self.cpu_before = cpu


def run_server(pipe: Connection, answer_s: float) -> None:
    """Serve until the process is killed."""
    Loop(pipe, answer_s).run()


class PostServer:
    """A server that runs. Use with `with`."""

    def __init__(self, answer_s: float) -> None:
        self.answer_s = answer_s

    def __enter__(self) -> "PostServer":
        context = multiprocessing.get_context("spawn")
        self.pipe, server_end = multiprocessing.Pipe()
        self.process = context.Process(target=run_server, args=(server_end, self.answer_s), daemon=True)
        self.process.start()
        server_end.close()
        self.api_url = f"http://127.0.0.1:{self.pipe.recv()}/api/"
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.join()

    def count(self) -> int:
        """Return the number of posts that have arrived since the last `take`."""
        self.pipe.send("count")
        number = self.pipe.recv()
        assert isinstance(number, int)
        return number

    def take(self) -> Arrivals:
        """Return what has arrived since the last call."""
        self.pipe.send("take")
        instants, cpu_us = self.pipe.recv()
        return Arrivals(sorted(instants), cpu_us)
