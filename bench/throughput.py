"""Posts a second through the whole of schedbot, beside the same client without it, against one sandbox in one run.

    python -m bench.throughput --posts 3000

Eight workspaces, a channel for each post, no pace in the sandbox. The second line is the limit: the client alone, as
many in flight, nothing written. Real SQLite with synchronous=FULL, real processes.
"""

import argparse
import asyncio
import os
import tempfile
import time
from pathlib import Path

from schedbot import log, sandbox
from schedbot.model import Message, MessageMetadata
from schedbot.slack.client import SlackClient
from schedbot.worker.pool import Pool
from tests.support.app import TOKEN, App
from tests.support.bulk_rows import flood
from tests.support.sql import read_row


def through_schedbot(posts: int, url: sandbox.RunningSandbox) -> float:
    """Posts a second from the first intent to the last outcome, as the record has them."""
    with tempfile.TemporaryDirectory() as folder:
        app = App(Path(folder), url, timeout_s=30, lease_s=60)
        for number in range(8):
            flood(app.db, f"w{number}", jobs=posts // 8)
        Pool(app.session(), drain=True).run()
        first, last, count = read_row(app.db, "SELECT min(sent_at), max(ended_at), count(*) FROM attempts") or (0, 1, 0)
        app.close()
    return float(count / (last - first) * 1000)


async def client_alone(posts: int, api_url: str, in_flight: int) -> float:
    """Posts a second of one client, `in_flight` at once."""
    free = asyncio.Semaphore(in_flight)
    async with SlackClient(api_url, 30_000, in_flight) as client:

        async def post(number: int) -> None:
            async with free:
                await client.post(
                    TOKEN, f"C{number:010d}", Message("hello"), MessageMetadata("bench", f"s:{number}", 1)
                )

        started = time.monotonic()
        await asyncio.gather(*(post(number) for number in range(posts)))
        return posts / (time.monotonic() - started)


def main() -> None:
    """Run both, and print the ratio."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--posts", type=int, default=3_000)
    posts = parser.parse_args().posts
    os.environ["SLACK_BOT_TOKEN"] = TOKEN
    log.quiet = True
    with sandbox.start(any_channel=True, pace=False) as slack:
        limit = asyncio.run(client_alone(posts, slack.api_url, 100))
        slack.control.reset()
        ours = through_schedbot(posts, slack)
    print(f"through schedbot   {ours:8.0f} posts/s")
    print(f"the client alone   {limit:8.0f} posts/s")
    print(f"ratio              {ours / limit:8.2f}")


if __name__ == "__main__":
    main()
