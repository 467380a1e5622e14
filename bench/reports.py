"""Reports from live data: how fast many are rendered, what a hanging one costs the others, and the memory of a pool.

    python -m bench.reports [--jobs 1000] [--pandas FOLDER]

The sandbox keeps no pace. `--pandas`: a folder with pandas (`pip install --target FOLDER pandas`), which the module of
the reports imports then. Run it on a machine that does nothing else.
"""

import argparse
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from schedbot import sandbox
from tests.support.app import TOKEN, App, Program, now_ms, until
from tests.support.bulk_rows import flood_reports
from tests.support.reports.live_project import configure
from tests.support.sql import read_row, read_rows

CONCURRENCY = 100
BATCH = 200
START_MS = 12_000  # a pool has started by then, and its renderers have loaded their modules
MODULE = """
import time

{imports}

def waits(context):
    time.sleep(1)
    return "waited"

def batched(contexts):
    time.sleep(0.2)
    return [f"hello {{context.schedule}}" for context in contexts]

def good(context):
    time.sleep(0.05)
    return "good"

def hangs(context):
    time.sleep(600)
"""
TABLES = f"""
[reports.waits]
python = "bench_reports:waits"
concurrency = {CONCURRENCY}

[reports.batched]
python = "bench_reports:batched"
batch = {BATCH}
timeout = "60s"

[reports.good]
python = "bench_reports:good"
concurrency = {CONCURRENCY}
timeout = "60s"

[reports.hangs]
python = "bench_reports:hangs"
timeout = "2s"
"""
RENDERED = "SELECT min(started_at), max(rendered_at + render_ms), count(*) FROM attempts WHERE outcome = 'posted'"
ENDED = "SELECT min(started_at), max(ended_at), count(*) FROM attempts WHERE outcome = 'posted'"
LATENESS = "SELECT lateness_ms FROM jobs WHERE state = 'succeeded' ORDER BY lateness_ms"
OPEN = "SELECT count(*) FROM jobs WHERE state IN ('queued', 'running')"


@dataclass
class Memory:
    """Most resident memory of a pool and of its children, in megabytes."""

    pool: float = 0
    children: dict[int, float] = field(default_factory=dict)

    def watch(self, program: Program) -> None:
        """Look twice a second until the pool ends."""
        while program.poll() is None:
            self.pool = max(self.pool, resident_mb(program.pid))
            for pid in child_pids(program.pid):
                self.children[pid] = max(self.children.get(pid, 0), resident_mb(pid))
            time.sleep(0.5)


def resident_mb(pid: int) -> float:
    """Return the resident memory of a process."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
    except (OSError, IndexError):
        return 0


def child_pids(pid: int) -> list[int]:
    """Return the children of a process."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


@contextmanager
def new_app(pandas: str) -> Iterator[App]:
    """Return an installation with the reports of this bench."""
    with tempfile.TemporaryDirectory() as folder, sandbox.start(any_channel=True, pace=False) as slack:
        app = App(Path(folder), slack, timeout_s=30, lease_s=60)
        path = f"import sys\nsys.path.insert(0, {pandas!r})\nimport pandas" if pandas else ""
        (app.folder / "bench_reports.py").write_text(MODULE.format(imports=path))
        configure(app, TABLES)
        yield app
        app.close()


def work(app: App) -> Memory:
    """Run a pool until nothing is open. Return its memory."""
    program = app.start("work", "--quiet", SCHEDBOT_RENDERERS="2", SCHEDBOT_PROCESSES="2")
    memory = Memory()
    thread = threading.Thread(target=memory.watch, args=[program])
    thread.start()
    until(lambda: read_row(app.db, OPEN) == (0,), within=900)
    program.terminate()
    thread.join()
    return memory


def measure_span(app: App, sql: str) -> tuple[float, int]:
    """Return the seconds from the first claim on, and the number of posts."""
    first, last, count = read_row(app.db, sql) or (0, 0, 0)
    return (last - first) / 1000, count


def measure_waiting(jobs: int, pandas: str) -> None:
    """Reports that each wait 1 s for a database."""
    with new_app(pandas) as app:
        flood_reports(app.db, "waits", jobs, now_ms())
        memory = work(app)
        seconds, count = measure_span(app, RENDERED)
    ideal = jobs / CONCURRENCY
    print(f"{count:,} reports that wait 1 s, {CONCURRENCY} at once: {seconds:.1f} s (ideal {ideal:.1f} s)")
    most = sorted(memory.children.values())
    print(f"  memory: pool {memory.pool:.0f} MB, children {', '.join(f'{size:.0f}' for size in most)} MB")


def measure_batched(jobs: int) -> None:
    """Reports that are rendered 200 at once."""
    with new_app("") as app:
        flood_reports(app.db, "batched", jobs, now_ms())
        work(app)
        rendered, count = measure_span(app, RENDERED)
        posted, _ = measure_span(app, ENDED)
    print(f"{count:,} reports in batches of {BATCH}: rendered after {rendered:.1f} s, posted after {posted:.1f} s")


def measure_lateness(jobs: int, hanging: int) -> None:
    """Good reports of one instant, with and without reports that hang."""
    with new_app("") as app:
        due_at = now_ms() + START_MS
        flood_reports(app.db, "good", jobs, due_at)
        flood_reports(app.db, "hangs", hanging, due_at)
        work(app)
        late = [row[0] for row in read_rows(app.db, LATENESS)]
    cuts = statistics.quantiles(late, n=100)
    p50, p99 = cuts[49], cuts[98]
    print(f"{len(late):,} good reports beside {hanging} that hangs: late by {p50:.0f} ms (p50), {p99:.0f} ms (p99)")


def main() -> None:
    """Run all and print the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--jobs", type=int, default=1_000)
    parser.add_argument("--pandas", default="")
    options = parser.parse_args()
    os.environ["SLACK_BOT_TOKEN"] = TOKEN
    print(f"load of this machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    measure_waiting(options.jobs, "")
    if options.pandas:
        print("with pandas in the renderers:")
        measure_waiting(options.jobs, options.pandas)
    measure_batched(10 * options.jobs)
    measure_lateness(options.jobs, 0)
    measure_lateness(options.jobs, 1)


if __name__ == "__main__":
    main()
