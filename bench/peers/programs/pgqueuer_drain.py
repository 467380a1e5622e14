"""Drain of no-op jobs by PgQueuer on PostgreSQL, as its own benchmark does (`tools/benchmark.py --strategy drain`).

    python pgqueuer_drain.py JOBS URL [BATCH [MANAGERS]]

Five queue managers in one process, each with a connection of asyncpg, a batch of 10 (the default) and uvloop. The
tables are durable (the default), with the autovacuum settings that its manual recommends. Its log has the ends of all
jobs. It prints a line of JSON: version, durability and seconds from the first job to the last end in the log.
"""

import asyncio
import json
import sys
from importlib.metadata import version

import asyncpg
import uvloop
from pgqueuer import PgQueuer
from pgqueuer.db import AsyncpgDriver
from pgqueuer.models import Job
from pgqueuer.queries import Queries
from pgqueuer.types import QueueExecutionMode

jobs, url = int(sys.argv[1]), sys.argv[2]
batch = int(sys.argv[3]) if len(sys.argv) > 3 else 10
managers = int(sys.argv[4]) if len(sys.argv) > 4 else 5
SPAN = """
SELECT extract(epoch FROM max(created) FILTER (WHERE status = 'successful')
                          - min(created) FILTER (WHERE status = 'picked')),
       count(*) FILTER (WHERE status = 'successful') FROM pgqueuer_log
"""


async def drain() -> None:
    """Run a queue manager until the queue is empty."""
    queue = PgQueuer(AsyncpgDriver(await asyncpg.connect(url)))

    @queue.entrypoint("do_nothing")
    async def do_nothing(job: Job) -> None:
        """Do nothing."""

    await queue.run(batch_size=batch, mode=QueueExecutionMode.drain)


async def main() -> None:
    """Enqueue, drain and print."""
    connection = await asyncpg.connect(url)
    queries = Queries(AsyncpgDriver(connection))
    await queries.install()
    await queries.optimize_autovacuum()
    await queries.enqueue(["do_nothing"] * jobs, [b""] * jobs, [0] * jobs)
    await asyncio.gather(*(drain() for _ in range(managers)))
    connection = await asyncpg.connect(url)
    seconds, ended = await connection.fetchrow(SPAN)
    assert ended == jobs, ended
    names = ("fsync", "synchronous_commit")
    durability = ", ".join([f"{name}={await connection.fetchval(f'SHOW {name}')}" for name in names])
    await Queries(AsyncpgDriver(connection)).uninstall()
    print(json.dumps({"version": version("pgqueuer"), "durability": durability, "seconds": float(seconds)}))


uvloop.run(main())
