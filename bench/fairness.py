"""How late a quiet workspace's posts are while another floods: the p99 lateness of both, in one run.

    python -m bench.fairness --flood 10000

A pool posts to a sandbox that answers after 200 ms; 10,000 jobs of one workspace are due, and ten of another become due
in each of the following seconds.
"""

import argparse
import os
import tempfile
import threading
from pathlib import Path

from schedbot import log, sandbox
from schedbot.store.database import open_database
from schedbot.worker.pool import Pool
from tests.house import TOKEN, House, now_ms
from tests.rows import flood

LATENESS = """
SELECT a.sent_at - j.due_at
  FROM jobs j JOIN attempts a ON a.job_id = j.id JOIN workspaces w ON w.id = j.workspace_id
 WHERE w.name = :name AND j.state = 'succeeded'
 ORDER BY 1
"""


def trickle(path: Path, seconds: int) -> None:
    """Ten jobs of the quiet workspace, due a second from now, every second."""
    db = open_database(path)
    tick = threading.Event()
    for second in range(seconds):
        flood(db, "quiet", jobs=10, later_ms=2_000, series=str(second))
        db.wake()
        tick.wait(1)
    db.close()


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--flood", type=int, default=10_000)
    asked = parser.parse_args()
    os.environ["SLACK_BOT_TOKEN"] = TOKEN
    log.quiet = True
    with tempfile.TemporaryDirectory() as folder, sandbox.start(any_channel=True, pace=False) as slack:
        slack.control.order("delay", ms=200, times="forever")
        house = House(Path(folder), slack, timeout_s=30, lease_s=60)
        flood(house.db, "flood", jobs=asked.flood)
        began = now_ms()
        trickling = threading.Thread(target=trickle, args=(house.path, 10))
        trickling.start()
        Pool(house.session(), drain=True).run()
        trickling.join()
        for name in ("flood", "quiet"):
            late = [row[0] for row in house.db.rows(LATENESS, {"name": name})]
            half, most = late[len(late) // 2], late[len(late) * 99 // 100]
            print(f"{name:<6} {len(late):6} posts   p50 {half:6} ms   p99 {most:6} ms")
        print(f"in all {now_ms() - began} ms")
        house.close()


if __name__ == "__main__":
    main()
