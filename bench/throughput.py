"""Posts a second of schedbot, compared with its Slack client alone, against the same sandbox.

    python -m bench.throughput --posts 3000

Eight workspaces, a channel for each post, no rate limit in the sandbox. The client alone is the upper limit: as many
posts in flight, no database. schedbot uses real processes and SQLite with synchronous=FULL.
"""

import argparse
import asyncio
import os
import tempfile
import time
from pathlib import Path

from schedbot import log, sandbox
from schedbot.model import Message
from schedbot.posts import MessageMetadata
from schedbot.slack.client import SlackClient
from schedbot.worker.pool import Pool
from tests.support.app import TOKEN, App
from tests.support.bulk_rows import flood
from tests.support.sql import read_row


def measure_schedbot(posts: int, slack: sandbox.RunningSandbox) -> float:
    """Return the posts a second, from the first recorded intent to the last recorded outcome."""
    with tempfile.TemporaryDirectory() as folder:
        app = App(Path(folder), slack, timeout_s=30, lease_s=60)
        for number in range(8):
            flood(app.db, f"w{number}", jobs=posts // 8)
        Pool(app.session(), drain=True).run()
        first, last, count = read_row(app.db, "SELECT min(sent_at), max(ended_at), count(*) FROM attempts") or (0, 1, 0)
        app.close()
    return float(count / (last - first) * 1000)


async def measure_client(posts: int, api_url: str, in_flight: int) -> float:
    """Return the posts a second of a client with `in_flight` requests at once."""
    semaphore = asyncio.Semaphore(in_flight)
    async with SlackClient(api_url, 30_000, in_flight) as client:

        async def post(number: int) -> None:
            async with semaphore:
                await client.post(
                    TOKEN, f"C{number:010d}", Message("hello"), MessageMetadata("bench", f"s:{number}", 1)
                )

        started = time.monotonic()
        await asyncio.gather(*(post(number) for number in range(posts)))
        return posts / (time.monotonic() - started)


def main() -> None:
    """Run both and print the ratio."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--posts", type=int, default=3_000)
    posts = parser.parse_args().posts
    os.environ["SLACK_BOT_TOKEN"] = TOKEN
    log.quiet = True
    with sandbox.start(any_channel=True, pace=False) as slack:
        limit = asyncio.run(measure_client(posts, slack.api_url, 100))
        slack.control.reset()
        rate = measure_schedbot(posts, slack)
    print(f"schedbot           {rate:8.0f} posts/s")
    print(f"client alone       {limit:8.0f} posts/s")
    print(f"ratio              {rate / limit:8.2f}")


if __name__ == "__main__":
    main()
