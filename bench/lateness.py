"""Lateness of posts that are due at one instant, compared with a burst of schedbot's Slack client alone.

    python -m bench.lateness               # 1,000 posts
    python -m bench.lateness --posts 100   # short form

Default settings, a channel for each post. The server answers each post in 20 ms. The client alone has as many
processes and as many posts in flight as the pool, and no database; its burst begins with all messages at hand. The
server notes when each post arrives.
"""

import argparse
import asyncio
import multiprocessing
import os
import signal
import tempfile
import threading
import time
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

from bench.soak import CHANNEL, LENGTH, insert_jobs
from schedbot import log
from schedbot.model import Message, TokenSource
from schedbot.posts import MessageMetadata
from schedbot.session import Session
from schedbot.settings import Settings
from schedbot.slack.client import SlackClient
from schedbot.store.open_database import create_database
from schedbot.worker.pool import Pool
from tests.support.app import TOKEN, now_ms

ANSWER_S = 0.02
AHEAD_MS = 8_000  # from the start of the processes to the instant of the posts
SPAWN = multiprocessing.get_context("spawn")
REPLY = b'{"ok": true, "channel": "%b", "ts": "1700000000.000100"}'
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"


class Lateness(NamedTuple):
    """Lateness of the posts of one burst at the server, in milliseconds."""

    first: float
    p50: float
    p99: float


async def serve(pipe: Connection) -> None:
    """Answer posts. Send the port, then on each request the instants of arrival since the last one (ns)."""
    arrivals: list[int] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                arrivals.append(time.time_ns())
                length = LENGTH.search(head)
                channel = CHANNEL.search(await reader.readexactly(int(length[1]) if length else 0))
                await asyncio.sleep(ANSWER_S)
                reply = REPLY % (channel[1] if channel else b"")
                writer.write(ANSWER % (len(reply), reply))
        writer.close()

    def report() -> None:
        pipe.recv()
        pipe.send(arrivals[:])
        arrivals.clear()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, backlog=2_000)
    pipe.send(server.sockets[0].getsockname()[1])
    asyncio.get_running_loop().add_reader(pipe.fileno(), report)
    await server.serve_forever()


def run_server(pipe: Connection) -> None:
    asyncio.run(serve(pipe))


def take_lateness(pipe: Connection, due_ms: int) -> Lateness:
    """Return the lateness of what has arrived since the last call."""
    pipe.send("arrivals")
    late = sorted(at / 1e6 - due_ms for at in pipe.recv())
    return Lateness(late[0], late[len(late) // 2], late[len(late) * 99 // 100])


def run_client(api_url: str, posts: int, in_flight: int, due_ms: int) -> None:
    """Post a burst at the instant."""
    asyncio.run(post_burst(api_url, posts, in_flight, due_ms))


async def post_burst(api_url: str, posts: int, in_flight: int, due_ms: int) -> None:
    slots = asyncio.Semaphore(in_flight)
    async with SlackClient(api_url, 30_000, in_flight) as client:

        async def post(number: int) -> None:
            async with slots:
                metadata = MessageMetadata("bench", f"s:{number}", 1)
                await client.post(TOKEN, f"C{number:010d}", Message("soak"), metadata)

        await asyncio.sleep(max(0, due_ms - now_ms()) / 1000)
        await asyncio.gather(*(post(number) for number in range(posts)))


def measure_client(api_url: str, posts: int, settings: Settings, pipe: Connection) -> Lateness:
    """Return the lateness of the client alone."""
    due_ms = now_ms() + AHEAD_MS
    arguments = (api_url, posts // settings.processes, settings.in_flight, due_ms)
    clients = [SPAWN.Process(target=run_client, args=arguments) for _ in range(settings.processes)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    return take_lateness(pipe, due_ms)


def stop_after(pool: Pool, posts: int) -> None:
    """Stop the pool, which runs in this process, after its last post."""
    while pool.in_flight.ended.total() < posts:
        time.sleep(0.05)
    os.kill(os.getpid(), signal.SIGTERM)


def measure_pool(settings: Settings, posts: int, pipe: Connection) -> Lateness:
    """Return the lateness of a pool."""
    session = Session(settings, create_database(settings.database, "lateness", now_ms()))
    insert_jobs(session, posts)
    due_ms = now_ms() + AHEAD_MS
    with session.db.writing():
        session.db.execute("UPDATE jobs SET due_at = :due, available_at = :due", {"due": due_ms})
    pool = Pool(session)
    threading.Thread(target=stop_after, args=(pool, posts), daemon=True).start()
    states = pool.run()
    assert states == {"succeeded": posts}, states
    session.db.close()
    return take_lateness(pipe, due_ms)


def main() -> None:
    """Measure both and print the ratios."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--posts", type=int, default=1_000)
    posts = parser.parse_args().posts
    os.environ["SLACK_BOT_TOKEN"] = TOKEN
    log.quiet = True
    pipe, server_end = multiprocessing.Pipe()
    server = SPAWN.Process(target=run_server, args=(server_end,), daemon=True)
    server.start()
    api_url = f"http://127.0.0.1:{pipe.recv()}/api/"
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            config=None,
            database=Path(folder) / "schedbot.db",
            api_url=api_url,
            token=TokenSource("env", "SLACK_BOT_TOKEN"),
        )
        alone = measure_client(api_url, posts, settings, pipe)
        own = measure_pool(settings, posts, pipe)
    server.kill()
    for name, late in (("schedbot", own), ("client alone", alone)):
        print(f"{name:<14} first {late.first:7.1f} ms   p50 {late.p50:7.1f} ms   p99 {late.p99:7.1f} ms")
    print(f"{'ratio':<14} p50 {own.p50 / alone.p50:5.2f}   p99 {own.p99 / alone.p99:5.2f}")


if __name__ == "__main__":
    main()
