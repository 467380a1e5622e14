"""Kill workers at drawn moments, let Slack fail in every way, and count on Slack's side: lost and doubled posts.

    python -m bench.crash --posts 2000 --seed 1
    python -m bench.crash --posts 500 --control        # slack_sdk with its default retry handlers

Every post has a channel of its own or shares one with few; the sandbox drops connections before and after storing,
stalls, delays, answers 500, internal_error (stored or not), fatal_error and 429. Pools are killed with SIGKILL, their
children too. In the end each occurrence must be in the channel exactly once, and on record with the right ts.
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
from tests.support.app import TOKEN, App, Program, now_ms, rfc3339
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


class Rig:
    """A product under fire."""

    def __init__(self, app: App, posts: int, dice: random.Random) -> None:
        self.app, self.posts, self.dice = app, posts, dice
        self.kills: Counter[str] = Counter()
        self.pools: list[Program] = []

    def order_faults(self, channels: int, share: float) -> None:
        """A fault for a share of all channels, besides a slow answer for all."""
        for number in range(channels):
            if self.dice.random() < share:
                kind, more = self.dice.choice(FAULTS)
                self.app.slack.order(kind, channel=f"C{number:010d}", times=self.dice.choice([1, 1, 2]), **more)
        self.app.slack.order("delay", ms=300, times="forever")

    def under_fire(self, kills: int) -> None:
        """Keep two pools running, and kill what runs at drawn moments."""
        while sum(self.kills.values()) < kills and self.open_jobs():
            self.pools = [pool for pool in self.pools if pool.poll() is None]
            while len(self.pools) < 2:
                self.pools.append(self.app.start("work", "--in-flight", "20"))
            time.sleep(self.dice.uniform(0.2, 2.5))
            self.kill_something()
        for pool in self.pools:
            pool.send_signal(signal.SIGTERM)
            pool.communicate(timeout=60)

    def kill_something(self) -> None:
        pool = self.dice.choice(self.pools)
        what = self.dice.choice(["parent", "child", "child", "both"])
        for child in children(pool.pid) if what != "parent" else []:
            if what == "both" or self.dice.random() < 0.6:
                self.kill(child, "child")
        if what != "child":
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


def children(pid: int) -> list[int]:
    """The children of a pool that render and post (not multiprocessing's tracker)."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        found += [int(word) for word in task.read_text().split()]
    return [child for child in found if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()]


def count(app: App, posts: int) -> dict[str, object]:
    """What Slack's side and the record say."""
    arrived: dict[str, list[str]] = {}
    for message in app.posts():
        arrived.setdefault(message["metadata"]["event_payload"]["occurrence"], []).append(message["ts"])
    record = {
        f"{row[0]}:{row[1]}": (row[2], row[3])
        for row in read_rows(app.db, "SELECT schedule_id, due_at, state, ts FROM jobs")
    }
    wrong = sum(record[occurrence] != ("succeeded", ts[0]) for occurrence, ts in arrived.items())
    return {
        "due": posts,
        "messages": sum(map(len, arrived.values())),
        "lost": posts - len(arrived),
        "doubled": sum(len(ts) > 1 for ts in arrived.values()),
        "on record otherwise": wrong,
        "states": app.states(),
        "look-ups": dict(read_rows(app.db, "SELECT answer, count(*) FROM lookups GROUP BY answer")),
        "attempts": dict(read_rows(app.db, "SELECT outcome, count(*) FROM attempts GROUP BY outcome")),
        "integrity": read_value(app.db, "PRAGMA integrity_check"),
    }


def due_now(app: App, posts: int, channels: int) -> None:
    """Schedules of eight workspaces that are due now: look-ups are paced in each."""
    with app.db.writing():
        for number in range(WORKSPACES):
            workspace(app.db, f"w{number}")
    due_at = now_ms() // 1000 * 1000
    for number in range(posts):
        said = {"channel": f"C{number % channels:010d}", "at": rfc3339(due_at), "max_attempts": "20"}
        name, whose = f"report-{number}", f"w{number % channels % WORKSPACES}"
        app.add_schedule(name, as_of=due_at - 30_000, workspace=whose, **said)
    app.tick(due_at)


def run(posts: int, kills: int, seed: int, share: float) -> dict[str, object]:
    """One run. Returns what is counted."""
    dice = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder, sandbox.start(any_channel=True) as slack:
        app = App(Path(folder), slack, timeout_s=2, lease_s=3)
        channels = max(1, posts * 2 // 3)
        due_now(app, posts, channels)
        rig = Rig(app, posts, dice)
        rig.order_faults(channels, share)
        started = time.monotonic()
        rig.under_fire(kills)
        fire_s = time.monotonic() - started
        while rig.open_jobs():
            app.work(within=600)
        settled_s = time.monotonic() - started
        told = count(app, posts)
        app.close()
    return {"kills": dict(rig.kills), **told, "seconds": f"{fire_s:.0f} under fire, {settled_s:.0f} in all"}


def control(posts: int, seed: int, share: float) -> dict[str, object]:
    """The same kind of faults met by slack_sdk as it comes, with its default retry handlers: it must double some."""
    from slack_sdk import WebClient
    from slack_sdk.errors import SlackApiError

    dice = random.Random(seed)
    with sandbox.start(any_channel=True) as slack:
        for number in range(posts):
            if dice.random() < share:
                kind = dice.choice(["drop_before", "drop_after"])
                slack.control.order(kind, channel=f"C{number:010d}")
        client = WebClient(TOKEN, base_url=slack.api_url, timeout=2)
        failed = 0
        for number in range(posts):
            try:
                client.chat_postMessage(channel=f"C{number:010d}", text="control")
            except (SlackApiError, OSError):
                failed += 1
        arrived = Counter(message["channel"] for message in slack.control.messages())
    doubled = sum(count > 1 for count in arrived.values())
    return {"due": posts, "lost": posts - len(arrived), "doubled": doubled, "raised an error": failed}


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--posts", type=int, default=500)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", type=float, default=0.3, help="share of channels that fail")
    parser.add_argument("--control", action="store_true", help="slack_sdk's default client instead of schedbot")
    asked = parser.parse_args()
    if asked.control:
        told = control(asked.posts, asked.seed, asked.faults)
    else:
        told = run(asked.posts, asked.kills, asked.seed, asked.faults)
    for name, value in told.items():
        print(f"{name:<20} {value}")


if __name__ == "__main__":
    main()
