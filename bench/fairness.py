"""How late a quiet workspace's posts are while another floods: the p99 lateness of both, in one run.

    python -m bench.fairness --flood 10000

A pool posts to a sandbox that answers after 200 ms; 10,000 jobs of one workspace are due, and ten of another become due
in each of the following seconds. Then three workspaces have a tenth of that each, of high, normal and low priority: of
each, how many posts had left when the first of the three was through.
"""

import argparse
import os
import tempfile
import threading
from pathlib import Path

from schedbot import log, sandbox
from schedbot.store.opening import open_database
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
    """Ten jobs of the quiet workspace, due a second from now, every second."""
    db = open_database(path)
    tick = threading.Event()
    for second in range(seconds):
        flood(db, "quiet", jobs=10, later_ms=2_000, series=str(second))
        db.wake()
        tick.wait(1)
    db.close()


def one_floods(app: App, jobs: int) -> None:
    """Ten posts a second beside a flood."""
    flood(app.db, "flood", jobs)
    began = now_ms()
    trickling = threading.Thread(target=trickle, args=(app.path, 10))
    trickling.start()
    Pool(app.session(), drain=True).run()
    trickling.join()
    for name in ("flood", "quiet"):
        late = [row[0] for row in read_rows(app.db, LATENESS, {"name": name})]
        half, most = late[len(late) // 2], late[len(late) * 99 // 100]
        print(f"{name:<6} {len(late):6} posts   p50 {half:6} ms   p99 {most:6} ms")
    print(f"in all {now_ms() - began} ms")


def three_flood(app: App, jobs: int) -> None:
    """Floods that differ in priority."""
    for priority in PRIORITIES:
        flood(app.db, priority, jobs, priority=priority)
    Pool(app.session(), drain=True).run()
    sent = {name: [row[0] for row in read_rows(app.db, SENT, {"name": name})] for name in PRIORITIES}
    first = min(times[-1] for times in sent.values())
    for name, times in sent.items():
        print(f"{name:<6} {sum(at <= first for at in times):6} of {len(times)} posts when the first was through")


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--flood", type=int, default=10_000)
    asked = parser.parse_args()
    os.environ["SLACK_BOT_TOKEN"] = TOKEN
    log.quiet = True
    for part, jobs in ((one_floods, asked.flood), (three_flood, asked.flood // 10)):
        with tempfile.TemporaryDirectory() as folder, sandbox.start(any_channel=True, pace=False) as slack:
            slack.control.order("delay", ms=200, times="forever")
            app = App(Path(folder), slack, timeout_s=30, lease_s=60)
            part(app, jobs)
            app.close()


if __name__ == "__main__":
    main()
