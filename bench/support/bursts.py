"""Posts that are due at one instant: by a pool with default settings, and by schedbot's Slack client alone.

The client alone has as many processes and as many posts in flight as the pool, and neither database nor pool. Its
messages, channels and metadata are at hand in each process before the instant. The server notes when each post arrives.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from bench.support.pool_process import PoolProcess, Times, create_filled, insert_jobs, now_ms
from bench.support.post_server import Arrivals, PostServer
from tests.support.app import TOKEN

PROCESSES, IN_FLIGHT = os.cpu_count() or 1, 100  # the defaults of schedbot
TIMEOUT_MS = 30_000
CLIENT_AHEAD_MS = 300  # from when the clients are ready to the instant
POLL_S = 0.05
PATIENCE_S = 600


class Burst(NamedTuple):
    """Arrivals of posts that were due at `due_ms`. Processor seconds of the client alone, or the times of a pool."""

    arrivals: Arrivals
    due_ms: int
    client_s: float = 0
    times: Times | None = None

    @property
    def late_ms(self) -> list[float]:
        """Lateness of the posts in milliseconds, in order."""
        return [at - self.due_ms for at in self.arrivals.instants]


def measure_client(server: PostServer, posts: int) -> Burst:
    """Return a burst of the client alone."""
    counts = [len(range(place, posts, PROCESSES)) for place in range(PROCESSES)]
    command = [sys.executable, "-m", "bench.support.bursts", server.api_url]
    clients = [
        subprocess.Popen([*command, str(count)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for count in counts
    ]
    for client in clients:
        assert client.stdout
        client.stdout.readline()  # it is ready
    due_ms = now_ms() + CLIENT_AHEAD_MS
    for client in clients:
        assert client.stdin
        client.stdin.write(f"{due_ms}\n")
        client.stdin.flush()
    cpu_s = sum(float(client.communicate()[0]) for client in clients)
    arrivals = server.take()
    assert len(arrivals.instants) == posts, len(arrivals.instants)
    return Burst(arrivals, due_ms, client_s=cpu_s)


async def post_burst(api_url: str, posts: int) -> None:
    """Post a burst at the instant that comes on stdin."""
    from schedbot.model import Message
    from schedbot.posts import MessageMetadata
    from schedbot.slack.client import SlackClient

    messages = iter([(f"C{number:010d}", MessageMetadata("bench", f"s:{number}", 1)) for number in range(posts)])
    async with SlackClient(api_url, TIMEOUT_MS, IN_FLIGHT) as client:

        async def post_in_turn() -> None:
            for channel, metadata in messages:
                await client.post(TOKEN, channel, Message("Hello"), metadata)

        print("ready", flush=True)
        due_ms = int(sys.stdin.readline())
        cpu_before = time.process_time()
        await asyncio.sleep(max(0, due_ms / 1000 - time.time()))
        await asyncio.gather(*(post_in_turn() for _ in range(IN_FLIGHT)))
        print(time.process_time() - cpu_before, flush=True)


def find_ahead_ms(posts: int) -> int:
    """Return the time from the insert of the jobs to their instant: a pool claims them a second before it."""
    return 1_500 + posts // 5


def measure_pool(server: PostServer, posts: int, workspaces: int = 1) -> Burst:
    """Return a burst of a pool."""
    with tempfile.TemporaryDirectory() as folder:
        database = create_filled(Path(folder), posts, workspaces)
        pool = PoolProcess(database, {"api_url": server.api_url})
        pool.wait_until_ready()
        ready_ms = now_ms()
        insert_jobs(database, due_ms := ready_ms + find_ahead_ms(posts))
        give_up_at = time.monotonic() + PATIENCE_S
        while server.count() < posts and time.monotonic() < give_up_at:
            time.sleep(POLL_S)
        pool.stop()
        result = pool.wait()
    assert result.states == {"succeeded": posts}, result.states
    return Burst(server.take(), due_ms, times=result.times.without_idle((due_ms - ready_ms) / 1000))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("api_url")
    parser.add_argument("posts", type=int)
    options = parser.parse_args()
    asyncio.run(post_burst(options.api_url, options.posts))
