"""Jobs a second of a pool whose posts cost nothing, compared with the raw limits of SQLite with the same durability.

    python -m bench.queue                            # 100,000 jobs, three rounds
    python -m bench.queue --jobs 5000 --rounds 1     # short form
    python -m bench.queue --quiet                    # without a line of the log for each job
    python -m bench.queue --rounds 1 --statements    # and the processor time of each SQL statement

Default settings, in a process of its own as `schedbot work --drain`; its log goes to a file. The posters answer each
post at once, without a request. Claims, intents and ends are written as always, each commit with synchronous=FULL. The
limits are those of `bench/support/raw_limits.py`. Each round measures all; the figures are medians.
"""

import argparse
import tempfile
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from bench.support import raw_limits
from bench.support.pool_process import PoolProcess, Times, create_filled, now_ms, read_rate
from bench.support.ratios import Ratio, show
from schedbot.store.open_database import open_database


class Drain(NamedTuple):
    """Jobs a second; processor time of the parent and of the children in microseconds for each job; all times."""

    rate: float
    parent_us: float
    children_us: float
    times: Times


def measure_pool(jobs: int, **flags: Any) -> Drain:
    """Return the figures of a pool, from its first claim to its last end. `flags`: of the pool's process."""
    with tempfile.TemporaryDirectory() as folder:
        database = create_filled(Path(folder), jobs, due_at=now_ms() - 1_000)
        result = PoolProcess(database, is_noop=True, is_drain=True, **flags).wait()
        assert result.states == {"succeeded": jobs}, result.states
        db = open_database(database)
        rate = read_rate(db)
        db.close()
    for cost, calls, statement in result.statements:
        print(f"{cost:7.1f} µs a job {calls:7} calls   {statement}")
    return Drain(rate, result.times.parent_s / jobs * 1e6, result.times.children_s / jobs * 1e6, result.times)


def run_rounds(jobs: int, rounds: int, is_quiet: bool) -> tuple[list[Drain], dict[str, list[float]]]:
    """Return the figures of the pool and the rates of the limits, of each round."""
    drains, limits = list[Drain](), {name: list[float]() for name in raw_limits.LIMITS}
    for _ in range(rounds):
        for name in limits:
            limits[name].append(raw_limits.measure(name, jobs))
        drains.append(measure_pool(jobs, is_quiet=is_quiet))
    return drains, limits


def main() -> None:
    """Measure all and print the ratios."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--jobs", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quiet", action="store_true", help="without a line of the log for each job")
    parser.add_argument(
        "--statements", action="store_true", help="drain once more, and print the cost of each statement"
    )
    parser.add_argument("--profile", default="", metavar="FILE", help="drain once more under cProfile")
    options = parser.parse_args()
    drains, limits = run_rounds(options.jobs, options.rounds, options.quiet)
    rate, parent_us, children_us = (median(values) for values in zip(*(drain[:3] for drain in drains), strict=True))
    print(f"{'schedbot':<40} {rate:8.0f} jobs/s   cpu a job: parent {parent_us:.0f} µs, children {children_us:.0f} µs")
    print(f"the parent's main thread, last round: {drains[-1].times}")
    if options.profile or options.statements:
        measure_pool(options.jobs, is_quiet=options.quiet, is_timed=options.statements, profile=options.profile)
    for name, rates in limits.items():
        print(f"{'SQLite alone: ' + name:<40} {median(rates):8.0f} jobs/s")
    aims = {raw_limits.PLAIN: "at least 0.25"}
    show(
        [
            Ratio(f"queue: schedbot / SQLite alone, {name}", rate / median(limits[name]), aims.get(name, ""))
            for name in limits
        ]
    )


if __name__ == "__main__":
    main()
