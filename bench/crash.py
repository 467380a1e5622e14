"""Crash test: kill workers at random moments, inject all kinds of faults, and count lost and doubled posts in Slack.

    python -m bench.crash --posts 2000 --seed 1
    python -m bench.crash --posts 500 --control        # slack_sdk with its default retry handlers

Few posts share a channel. The sandbox drops connections before and after it stores the message, stalls, delays, and
returns 500, internal_error (stored or not), fatal_error and 429. Pools and their child processes are killed with
SIGKILL. In the end each occurrence must be in its channel exactly once, and be recorded with the right ts.
"""

import argparse
import os
import random
import signal
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from schedbot import sandbox
from tests.support.app import TOKEN, App, Program
from tests.support.bulk_rows import workspace
from tests.support.sql import read_rows, read_value

WORKSPACES = 8

FAULTS: list[tuple[str, dict[str, Any]]] = [
    ("drop_before", {}),
    ("drop_after", {}),
    ("stall", {}),
    ("status", {"status": 500}),
    ("status", {"status": 503, "stored": True}),
    ("error", {"code": "internal_error"}),
    ("error", {"code": "internal_error", "stored": True}),
    ("error", {"code": "fatal_error"}),
    ("garbage", {"stored": True}),
    ("ratelimit", {"retry_after": 1}),
    ("delay", {"ms": 1500}),
]


class CrashTest:
    """An installation with faults and killed processes."""

    def __init__(self, app: App, posts: int, rng: random.Random) -> None:
        self.app, self.posts, self.rng = app, posts, rng
        self.kills: Counter[str] = Counter()
        self.pools: list[Program] = []

    def order_faults(self, channels: int, share: float) -> None:
        """Order a fault for a share of the channels, and a slow response for all."""
        for number in range(channels):
            if self.rng.random() < share:
                kind, options = self.rng.choice(FAULTS)
                self.app.slack.order(kind, channel=f"C{number:010d}", times=self.rng.choice([1, 1, 2]), **options)
        self.app.slack.order("delay", ms=300, times="forever")

    def run_pools(self, kills: int) -> None:
        """Keep two pools running, and kill their processes at random moments."""
        while sum(self.kills.values()) < kills and self.open_jobs():
            self.pools = [pool for pool in self.pools if pool.poll() is None]
            while len(self.pools) < 2:
                self.pools.append(self.app.start("work", "--in-flight", "20"))
            time.sleep(self.rng.uniform(0.2, 2.5))
            self.kill_processes()
        for pool in self.pools:
            pool.send_signal(signal.SIGTERM)
            pool.communicate(timeout=60)

    def kill_processes(self) -> None:
        pool = self.rng.choice(self.pools)
        target = self.rng.choice(["parent", "child", "child", "both"])
        for child in child_pids(pool.pid) if target != "parent" else []:
            if target == "both" or self.rng.random() < 0.6:
                self.kill(child, "child")
        if target != "child":
            self.kill(pool.pid, "parent")

    def kill(self, pid: int, kind: str) -> None:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        self.kills[kind] += 1

    def open_jobs(self) -> int:
        states = self.app.states()
        return sum(states.get(state, 0) for state in ("queued", "running", "unknown"))


def child_pids(pid: int) -> list[int]:
    """Return the pool's child processes that render and post, without multiprocessing's resource tracker."""
    pids = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        pids += [int(word) for word in task.read_text().split()]
    return [child for child in pids if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()]


def count(app: App, posts: int) -> dict[str, object]:
    """Return the counts of messages in Slack, compared with the recorded jobs."""
    arrived: dict[str, list[str]] = {}
    for message in app.posts():
        arrived.setdefault(message["metadata"]["event_payload"]["occurrence"], []).append(message["ts"])
    record = {
        f"{row[0]}:{row[1]}": (row[2], row[3])
        for row in read_rows(app.db, "SELECT schedule_id, due_at, state, ts FROM jobs")
    }
    mismatches = sum(record[occurrence] != ("succeeded", ts[0]) for occurrence, ts in arrived.items())
    return {
        "due": posts,
        "messages": sum(map(len, arrived.values())),
        "lost": posts - len(arrived),
        "doubled": sum(len(ts) > 1 for ts in arrived.values()),
        "recorded wrongly": mismatches,
        "states": app.states(),
        "look-ups": dict(read_rows(app.db, "SELECT answer, count(*) FROM lookups GROUP BY answer")),
        "attempts": dict(read_rows(app.db, "SELECT outcome, count(*) FROM attempts GROUP BY outcome")),
        "integrity": read_value(app.db, "PRAGMA integrity_check"),
    }


def add_due_schedules(app: App, posts: int, channels: int) -> None:
    """Add schedules of eight workspaces that are due now, because look-ups are paced in each workspace."""
    with app.db.writing():
        for number in range(WORKSPACES):
            workspace(app.db, f"w{number}")
    schedules = dict[str, dict[str, str]]()
    for number in range(posts):
        place = number % channels
        fields = {"channel": f"C{place:010d}", "workspace": f"w{place % WORKSPACES}"}
        schedules[f"report-{number}"] = {"max_attempts": "20", **fields}
    app.add_due_schedules(schedules)


def run(posts: int, kills: int, seed: int, share: float) -> dict[str, object]:
    """Run the crash test once. Returns its counts."""
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder, sandbox.start(any_channel=True) as slack:
        app = App(Path(folder), slack, timeout_s=2, lease_s=3)
        channels = max(1, posts * 2 // 3)
        add_due_schedules(app, posts, channels)
        crash_test = CrashTest(app, posts, rng)
        crash_test.order_faults(channels, share)
        started = time.monotonic()
        crash_test.run_pools(kills)
        faults_s = time.monotonic() - started
        while crash_test.open_jobs():
            app.work(within=600)
        settled_s = time.monotonic() - started
        counts = count(app, posts)
        app.close()
    return {
        "kills": dict(crash_test.kills),
        **counts,
        "seconds": f"{faults_s:.0f} with kills, {settled_s:.0f} in total",
    }


def control(posts: int, seed: int, share: float) -> dict[str, object]:
    """Run slack_sdk's default client, with its retry handlers, against such faults. It must double posts."""
    from slack_sdk import WebClient
    from slack_sdk.errors import SlackApiError

    rng = random.Random(seed)
    with sandbox.start(any_channel=True) as slack:
        for number in range(posts):
            if rng.random() < share:
                kind = rng.choice(["drop_before", "drop_after"])
                slack.control.order(kind, channel=f"C{number:010d}")
        client = WebClient(TOKEN, base_url=slack.api_url, timeout=2)
        failed = 0
        for number in range(posts):
            try:
                client.chat_postMessage(channel=f"C{number:010d}", text="control")
            except (SlackApiError, OSError):
                failed += 1
        arrived = Counter(message["channel"] for message in slack.control.messages())
    doubled = sum(number > 1 for number in arrived.values())
    return {"due": posts, "lost": posts - len(arrived), "doubled": doubled, "raised an error": failed}


def main() -> None:
    """Run the test and print its counts."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--posts", type=int, default=500)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", type=float, default=0.3, help="share of channels that fail")
    parser.add_argument("--control", action="store_true", help="slack_sdk's default client instead of schedbot")
    args = parser.parse_args()
    if args.control:
        counts = control(args.posts, args.seed, args.faults)
    else:
        counts = run(args.posts, args.kills, args.seed, args.faults)
    for name, value in counts.items():
        print(f"{name:<20} {value}")


if __name__ == "__main__":
    main()
