"""Memory of each process, rate and replaced children of a pool over many jobs.

    python -m bench.soak                               # 1,000,000 jobs whose posts cost nothing
    python -m bench.soak --jobs 10000 --share 1000     # short form: posters are replaced after 1,000 jobs
    python -m bench.soak --http --jobs 200000          # posts over HTTP to a server that answers at once
    python -m bench.soak --plot soak.svg
    python -m bench.soak --jobs 100000 --tick-every 5

A tick runs each minute, as cron starts it: it adds the results to the stored counts. Default settings, in a process of
its own as `schedbot work --drain`. Each job has a channel of its own, so that no pace delays it. The rate of a tenth of
the jobs is compared with that of the first tenth; so is the memory at the end.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from bench.support import plots
from bench.support.pool_process import PoolProcess, create_filled, now_ms
from bench.support.post_server import PostServer
from bench.support.process_memory import list_children, read_memory
from bench.support.ratios import Ratio, show
from schedbot.store.database import Database
from schedbot.store.open_database import open_database

ROWS = 20  # of the table
DEFAULT_SHARE = 20_000
MINUTE_S = 60.0
# Jobs are claimed in the order of their numbers, so the last number counts them, within those in flight.
BEGUN = "SELECT coalesce(max(job_id), 0) FROM attempts"


class Sample(NamedTuple):
    """State at an instant: seconds since the start, begun jobs, MiB of the pool and of each child by its pid."""

    seconds: float
    jobs: int
    pool: float
    children: dict[int, float]


@dataclass(slots=True)
class SoakResult:
    """Figures of a soak."""

    jobs: int
    states: dict[str, int] = field(default_factory=dict)
    samples: list[Sample] = field(default_factory=list)
    started_children: int = 0
    failed_ticks: int = 0
    waiting: int = 0  # results that no tick has added

    def at_job(self, number: float) -> Sample:
        """Return the first sample with so many begun jobs."""
        return next((sample for sample in self.samples if sample.jobs >= number), self.samples[-1])

    def rate(self, first: float, last: float) -> float:
        """Return the jobs a second between two shares of the jobs."""
        start, end = self.at_job(first * self.jobs), self.at_job(last * self.jobs)
        return (end.jobs - start.jobs) / max(0.001, end.seconds - start.seconds)


def take_sample(pool: PoolProcess, db: Database, started: float) -> Sample:
    """Return the state of now."""
    children = {pid: memory for pid in list_children(pool.pid) if (memory := read_memory(pid))}
    return Sample(time.monotonic() - started, db.integer(BEGUN), read_memory(pool.pid), children)


def start_tick(database: Path) -> "subprocess.Popen[bytes]":
    """Start a tick as cron does."""
    environment = {**os.environ, "SCHEDBOT_DATABASE": str(database)}
    command = [sys.executable, "-m", "schedbot", "tick"]
    return subprocess.Popen(command, env=environment, cwd=database.parent, stdout=subprocess.DEVNULL)


def run(jobs: int, share: int, folder: Path, *, is_http: bool = False, tick_every_s: float = MINUTE_S) -> SoakResult:
    """Run a soak in a new installation."""
    result, ticks = SoakResult(jobs), list[subprocess.Popen[bytes]]()
    database = create_filled(folder, jobs, due_at=now_ms() - 1_000)
    with ExitStack() as stack:
        settings: dict[str, object] = {"jobs_per_poster": share}
        if is_http:
            settings["api_url"] = stack.enter_context(PostServer(0)).api_url
        pool, db = PoolProcess(database, settings, is_noop=not is_http, is_drain=True), open_database(database)
        pool.wait_until_ready()
        started, pause = time.monotonic(), min(1, jobs / 400_000)
        result.samples.append(take_sample(pool, db, started))
        while result.samples[-1].jobs < jobs and pool.process.poll() is None:
            time.sleep(pause)
            if time.monotonic() - started >= (len(ticks) + 1) * tick_every_s:
                ticks.append(start_tick(database))
            result.samples.append(take_sample(pool, db, started))
        end = pool.wait()
        result.failed_ticks = sum(tick.wait() != 0 for tick in ticks)
        result.waiting = db.integer("SELECT count(*) FROM results")
        db.close()
    result.states, result.started_children = end.states, end.started_children
    return result


def show_table(result: SoakResult) -> None:
    """Print the samples after each twentieth of the jobs."""
    print(" seconds       jobs   jobs/s   pool MiB   MiB of each child")
    before = Sample(0, 0, 0, {})
    for part in range(1, ROWS + 1):
        sample = result.at_job(result.jobs * part / ROWS)
        rate = (sample.jobs - before.jobs) / max(0.001, sample.seconds - before.seconds)
        children = " ".join(f"{memory:.0f}" for memory in sample.children.values())
        print(f"{sample.seconds:8.1f} {sample.jobs:10,} {rate:8.0f} {sample.pool:10.1f}   {children}")
        before = sample


def compare(result: SoakResult) -> list[Ratio]:
    """Return the ratios of the last tenth to the first."""
    first, last = result.at_job(0.1 * result.jobs), [sample for sample in result.samples if sample.pool][-1]
    largest = max(last.children.values(), default=0) / max(first.children.values(), default=1)
    return [
        Ratio("soak: rate of the last tenth / the first", result.rate(0.9, 1) / max(1, result.rate(0, 0.1)), "about 1"),
        Ratio("soak: memory of the pool, at the end / after a tenth", last.pool / first.pool, "about 1"),
        Ratio("soak: memory of the largest child, at the end / after a tenth", largest, "about 1"),
        Ratio("soak: children started", result.started_children),
    ]


def plot(result: SoakResult, file: Path) -> None:
    """Draw the rate and the memory over time."""
    seconds = [sample.seconds for sample in result.samples]
    rates = [
        (after.jobs - before.jobs) / max(0.001, after.seconds - before.seconds)
        for before, after in zip(result.samples, result.samples[1:], strict=False)
    ]
    memory = {
        "pool": (seconds, [sample.pool for sample in result.samples]),
        "largest child": (seconds, [max(sample.children.values(), default=0) for sample in result.samples]),
    }
    plots.draw_lines(file, "seconds", {"jobs a second": {"rate": (seconds[1:], rates)}, "MiB": memory})


def main() -> None:
    """Run a soak and print its figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--jobs", type=int, default=1_000_000)
    parser.add_argument("--share", type=int, default=DEFAULT_SHARE, help="jobs after which a poster is replaced")
    parser.add_argument("--http", action="store_true", help="post over HTTP to a server that answers at once")
    parser.add_argument("--tick-every", type=float, default=MINUTE_S, metavar="SECONDS")
    parser.add_argument("--plot", type=Path, metavar="FILE.svg")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = run(options.jobs, options.share, Path(folder), is_http=options.http, tick_every_s=options.tick_every)
    show_table(result)
    print(f"jobs by state: {', '.join(f'{count:,} {state}' for state, count in result.states.items())}")
    print(f"results that no tick has added: {result.waiting:,}; failed ticks: {result.failed_ticks}")
    show(compare(result))
    if options.plot:
        plot(result, options.plot)


if __name__ == "__main__":
    main()
