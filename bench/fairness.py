"""Fairness between workspaces: p99 lateness of a quiet workspace while another floods the pool.

    python -m bench.fairness --flood 10000

A pool posts to a sandbox that responds after 200 ms. 10,000 jobs of a workspace are due, and ten of another become due
in each of the next seconds. Then three workspaces of high, normal and low priority have a tenth of that each; the
result is the number of posts of each when the first of the three has sent all.
"""

import argparse
import os
import tempfile
import threading
from pathlib import Path

from schedbot import log, sandbox
from schedbot.store.open_database import open_database
from schedbot.worker.pool import Pool
from tests.support.app import TOKEN, App, now_ms
from tests.support.bulk_rows import flood
from tests.support.sql import read_rows

LATENESS = """
SELECT a.sent_at - j.due_at
  FROM jobs j JOIN attempts a ON a.job_id = j.id JOIN workspaces w ON w.id = j.workspace_id
 WHERE w.name = :name AND j.state = 'succeeded'
 ORDER BY 1
"""

SENT = """
SELECT a.sent_at FROM jobs j JOIN attempts a ON a.job_id = j.id JOIN workspaces w ON w.id = j.workspace_id
 WHERE w.name = :name AND j.state = 'succeeded'
 ORDER BY 1
"""

PRIORITIES = ("low", "normal", "high")


def trickle(path: Path, seconds: int) -> None:
    """Add ten jobs of the quiet workspace every second, due two seconds later."""
    db = open_database(path)
    tick = threading.Event()
    for second in range(seconds):
        flood(db, "quiet", jobs=10, later_ms=2_000, series=str(second))
        db.wake()
        tick.wait(1)
    db.close()


def run_flood_beside_quiet(app: App, jobs: int) -> None:
    """Print the lateness of a flood and of ten posts a second beside it."""
    flood(app.db, "flood", jobs)
    started_at = now_ms()
    trickler = threading.Thread(target=trickle, args=(app.path, 10))
    trickler.start()
    Pool(app.session(), drain=True).run()
    trickler.join()
    for name in ("flood", "quiet"):
        lateness = [row[0] for row in read_rows(app.db, LATENESS, {"name": name})]
        p50, p99 = lateness[len(lateness) // 2], lateness[len(lateness) * 99 // 100]
        print(f"{name:<6} {len(lateness):6} posts   p50 {p50:6} ms   p99 {p99:6} ms")
    print(f"total {now_ms() - started_at} ms")


def run_three_priorities(app: App, jobs: int) -> None:
    """Print the progress of three floods with different priorities when the first has ended."""
    for priority in PRIORITIES:
        flood(app.db, priority, jobs, priority=priority)
    Pool(app.session(), drain=True).run()
    sent = {name: [row[0] for row in read_rows(app.db, SENT, {"name": name})] for name in PRIORITIES}
    first = min(times[-1] for times in sent.values())
    for name, times in sent.items():
        print(f"{name:<6} {sum(at <= first for at in times):6} of {len(times)} posts when the first had ended")


def main() -> None:
    """Run both measurements and print the results."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--flood", type=int, default=10_000)
    args = parser.parse_args()
    os.environ["SLACK_BOT_TOKEN"] = TOKEN
    log.quiet = True
    for measure, jobs in ((run_flood_beside_quiet, args.flood), (run_three_priorities, args.flood // 10)):
        with tempfile.TemporaryDirectory() as folder, sandbox.start(any_channel=True, pace=False) as slack:
            slack.control.order("delay", ms=200, times="forever")
            app = App(Path(folder), slack, timeout_s=30, lease_s=60)
            measure(app, jobs)
            app.close()


if __name__ == "__main__":
    main()
