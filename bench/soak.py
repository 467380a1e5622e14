"""Memory and children of a pool over many posts, with posters that are replaced often.

    python -m bench.soak --jobs 200000 --share 2000

A pool with two posters posts to a server that answers each post at once. Each job has a channel of its own, so that no
pace delays it. It prints the jobs by state, the memory of the pool's process after a tenth of the jobs and at the end,
and how many posters were replaced.
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import re
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

from schedbot import log
from schedbot.model import TokenSource
from schedbot.session import Session
from schedbot.settings import Settings
from schedbot.store.open_database import create_database
from schedbot.worker.children.child_process import NUMBERS
from schedbot.worker.pool import Pool
from tests.support.app import TOKEN, now_ms
from tests.support.bulk_rows import workspace

PROCESSES, IN_FLIGHT = 2, 500
CHANNEL = re.compile(rb'channel(?:=|": ?")([A-Z0-9]+)')
LENGTH = re.compile(rb"(?i)content-length: (\d+)")
# Rows of all jobs in one statement for each table: one by one, as flood() inserts them, would take minutes.
RECURRENCE = "INSERT OR IGNORE INTO recurrences (id, kind, expression, tz) VALUES (999, 'cron', '0 9 * * *', 'UTC')"
SCHEDULES = """
INSERT INTO schedules (id, name, workspace_id, recurrence_id, version, state, effective_at, created_at)
SELECT 's' || value, 'soak-' || value, :workspace_id, 999, 1, 'active', 0, 0 FROM json_each(:numbers)
"""
VERSIONS = """
INSERT INTO schedule_versions (schedule_id, version, recurrence_id, channel, report_kind, report_source, misfire,
                               grace_ms, max_attempts, priority, on_unknown, created_at)
SELECT 's' || value, 1, 999, printf('C%010d', value), 'text', 'soak', 'latest', 21600000, 5, 'normal', 'hold', 0
  FROM json_each(:numbers)
"""
JOBS = """
INSERT INTO jobs (schedule_id, workspace_id, due_at, available_at, deadline_at, state)
SELECT 's' || value, :workspace_id, :now, :now, :now + 21600000, 'queued' FROM json_each(:numbers)
"""


def insert_jobs(session: Session, jobs: int) -> None:
    """Insert jobs that are due now, each with its own schedule and channel."""
    with session.db.writing():
        rows: dict[str, object] = {"numbers": json.dumps(list(range(jobs)))}
        of_workspace = {**rows, "workspace_id": workspace(session.db, "soak")}
        session.db.execute(RECURRENCE)
        session.db.execute(SCHEDULES, of_workspace)
        session.db.execute(VERSIONS, rows)
        session.db.execute(JOBS, {**of_workspace, "now": session.now() - 1_000})


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer each request of a connection as Slack answers a post that it takes."""
    with suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = LENGTH.search(head)
            body = await reader.readexactly(int(length[1]) if length else 0)
            channel = CHANNEL.search(body)
            reply = b'{"ok": true, "channel": "%b", "ts": "1700000000.000100"}' % (channel[1] if channel else b"")
            lines = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
            writer.write(lines % len(reply) + reply)
    writer.close()


async def serve(port_pipe: Connection) -> None:
    server = await asyncio.start_server(answer, "127.0.0.1", 0, backlog=2_000)
    port_pipe.send(server.sockets[0].getsockname()[1])
    await server.serve_forever()


def run_server(port_pipe: Connection) -> None:
    """Serve until the process is killed. Sends the port through `port_pipe`."""
    asyncio.run(serve(port_pipe))


def read_memory() -> int:
    """Return the resident memory of this process in KiB."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])


@dataclass(slots=True)
class SoakResult:
    """Figures of a soak. Memory in KiB; `replaced`: posters that were replaced."""

    states: dict[str, int] = field(default_factory=dict)
    memory_at_start: int = 0
    memory_at_end: int = 0
    replaced: int = 0
    seconds: float = 0


def sample_start(pool: Pool, jobs: int, result: SoakResult) -> None:
    """Keep the memory once a tenth of the jobs has ended."""
    while pool.in_flight.ended.total() < jobs // 10:
        time.sleep(0.05)
    result.memory_at_start = read_memory()


def soak(session: Session, jobs: int) -> SoakResult:
    """Post the jobs, and return the figures."""
    insert_jobs(session, jobs)
    pool, result = Pool(session, drain=True), SoakResult()
    threading.Thread(target=sample_start, args=(pool, jobs, result), daemon=True).start()
    started, first_number = time.monotonic(), next(NUMBERS)
    result.states = pool.run()
    result.seconds = time.monotonic() - started
    result.memory_at_end, result.replaced = read_memory(), next(NUMBERS) - first_number - 1 - PROCESSES
    return result


def run(jobs: int, share: int, folder: Path) -> SoakResult:
    """Run a soak in a new installation."""
    os.environ["SLACK_BOT_TOKEN"] = TOKEN
    receiver, sender = multiprocessing.Pipe(duplex=False)
    server = multiprocessing.get_context("spawn").Process(target=run_server, args=(sender,), daemon=True)
    server.start()
    settings = Settings(
        config=None,
        database=folder / "schedbot.db",
        api_url=f"http://127.0.0.1:{receiver.recv()}/api/",
        processes=PROCESSES,
        in_flight=IN_FLIGHT,
        token=TokenSource("env", "SLACK_BOT_TOKEN"),
        jobs_per_poster=share,
    )
    session = Session(settings, create_database(settings.database, "soak", now_ms()))
    try:
        return soak(session, jobs)
    finally:
        session.db.close()
        server.kill()


def main() -> None:
    """Run a soak and print its figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--jobs", type=int, default=200_000)
    parser.add_argument("--share", type=int, default=2_000)
    options = parser.parse_args()
    log.quiet = True
    with tempfile.TemporaryDirectory() as folder:
        result = run(options.jobs, options.share, Path(folder))
    print(f"jobs               {', '.join(f'{count:,} {state}' for state, count in result.states.items())}")
    print(f"posts a second     {options.jobs / result.seconds:8.0f}")
    print(f"memory after 10 %  {result.memory_at_start / 1024:8.1f} MiB")
    print(f"memory at the end  {result.memory_at_end / 1024:8.1f} MiB")
    print(f"posters replaced   {result.replaced:8}")


if __name__ == "__main__":
    main()
