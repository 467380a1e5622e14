"""Cost of a tick with many due jobs, compared with raw inserts of the same rows into the same indexes.

    python -m bench.tick                                  # 100,000 due; 0, 1,000,000 and 10,000,000 finished jobs
    python -m bench.tick --due 16000 --finished 0 160000  # short form
    python -m bench.tick --plot tick.svg                  # and a plot of the costs

The due schedules have 800 rules in 40 zones, and are due at one instant. The raw inserts write the rows that the tick
wrote into a copy of the database from before it: one statement and one commit, with the same cache and durability.
The tick runs in a process of its own, whose peak memory is printed.
"""

import argparse
import multiprocessing
import re
import shutil
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import apsw

from bench.support import bulk_fill, plots
from bench.support.ratios import Ratio
from bench.support.ratios import show as show_ratios
from schedbot.session import Session
from schedbot.settings import Settings
from schedbot.store.open_database import create_database, open_database
from schedbot.tick import tick

DUE_AT = int(datetime(2026, 11, 30, 12, 0, tzinfo=UTC).timestamp() * 1000)
ZONES = """
UTC Europe/London Europe/Berlin Europe/Paris Europe/Madrid Europe/Rome Europe/Athens Europe/Helsinki
Europe/Moscow Europe/Istanbul Africa/Cairo Africa/Lagos Africa/Nairobi Africa/Johannesburg Asia/Dubai
Asia/Karachi Asia/Kolkata Asia/Kathmandu Asia/Dhaka Asia/Yangon Asia/Bangkok Asia/Jakarta Asia/Shanghai
Asia/Singapore Asia/Manila Asia/Seoul Asia/Tokyo Australia/Perth Australia/Adelaide Australia/Sydney
Pacific/Auckland Pacific/Honolulu America/Anchorage America/Los_Angeles America/Denver America/Chicago
America/New_York America/Halifax America/St_Johns America/Sao_Paulo
"""
RULES = 800


class Cost(NamedTuple):
    """Microseconds for each due job."""

    wall: float
    cpu: float


def build_rules() -> list[tuple[str, str, int]]:
    """Return rules that are due at DUE_AT: cron, zone and instant."""
    rules = []
    for zone in ZONES.split():
        local = datetime.fromtimestamp(DUE_AT / 1000, ZoneInfo(zone))
        today = local.isoweekday() % 7
        days = [f"{today},{(today + step) % 7}" for step in range(7)]
        months = [f"{month}-12" for month in range(1, 12)]
        rules += [(f"{local.minute} {local.hour} * * {day}", zone, DUE_AT) for day in days]
        rules += [(f"{local.minute} {local.hour} * {month} *", zone, DUE_AT) for month in months]
        rules += [(f"{local.minute} * * * *", zone, DUE_AT), (f"{local.minute} {local.hour} * * *", zone, DUE_AT)]
    return rules


def measure(count: int, action: Callable[[], object]) -> Cost:
    """Run the action, and return its cost for each of `count` jobs."""
    wall, cpu = time.perf_counter(), time.process_time()
    action()
    return Cost((time.perf_counter() - wall) / count * 1e6, (time.process_time() - cpu) / count * 1e6)


def insert_raw(before: Path, after: Path, due: int) -> Cost:
    """Return the cost of inserting the jobs of a tick into the database from before it."""
    connection = apsw.Connection(str(before))
    cache = open_database(after)
    pages = cache.integer("PRAGMA cache_size")
    cache.close()
    for pragma in ("synchronous = FULL", f"cache_size = {pages}", "foreign_keys = OFF"):
        connection.execute(f"PRAGMA {pragma}").fetchall()
    connection.execute("ATTACH ? AS after", (str(after),))
    names = ", ".join(row[0] for row in connection.execute("SELECT name FROM pragma_table_info('jobs')"))
    connection.execute(f"CREATE TEMP TABLE rows AS SELECT {names} FROM after.jobs WHERE due_at = ?", (DUE_AT,))
    connection.execute("DETACH after")

    def insert() -> None:
        with connection:
            connection.execute(f"INSERT INTO main.jobs ({names}) SELECT * FROM temp.rows")

    cost = measure(due, insert)
    connection.close()
    return cost


def run_alone(database: Path, due: int) -> tuple[Cost, float]:
    """Return the cost of the tick in a new process, and the peak memory of that process in MiB."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        with tempfile.TemporaryDirectory() as folder:
            small = Path(folder) / "small.db"
            fill(small, RULES, 0)
            pool.submit(run_tick, small, RULES).result()  # loads modules
        return pool.submit(run_tick, database, due).result()


def run_tick(database: Path, due: int) -> tuple[Cost, float]:
    """Return the cost of the tick, and the peak memory of this process in MiB."""
    db = open_database(database)
    session = Session(Settings(None, database), db, lambda: DUE_AT - 30_000)
    cost = measure(due, lambda: tick(session))
    jobs = db.integer("SELECT count(*) FROM jobs WHERE due_at = :due_at", {"due_at": DUE_AT})
    assert jobs == due, jobs
    db.close()
    return cost, read_peak()


def read_peak() -> float:
    """Return the peak memory of this process in MiB. `getrusage` has that of the parent in it."""
    peak = re.search(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text())
    return int(peak[1]) / 1024 if peak else 0.0


def fill(database: Path, due: int, finished: int) -> None:
    """Make a database with due schedules and finished jobs of theirs."""
    create_database(database, "tick", DUE_AT).close()
    with bulk_fill.filling(database, ("jobs", "schedules", "schedule_versions")) as connection:
        bulk_fill.add_schedules(connection, due, 1_000, build_rules())
        bulk_fill.add_finished_jobs(connection, finished // due, DUE_AT)


def compare(due: int, finished: int, folder: Path) -> tuple[Cost, Cost, float]:
    """Return the costs of a tick and of raw inserts, and the peak memory of the tick in MiB."""
    database, copy = folder / f"{finished}.db", folder / "copy.db"
    fill(database, due, finished)
    shutil.copyfile(database, copy)
    own, memory = run_alone(database, due)
    raw = insert_raw(copy, database, due)
    for file in folder.iterdir():
        file.unlink()
    return own, raw, memory


def main() -> None:
    """Print the costs by the number of finished jobs."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--due", type=int, default=100_000)
    parser.add_argument("--finished", type=int, nargs="+", default=[0, 1_000_000, 10_000_000])
    parser.add_argument("--plot", type=Path, metavar="FILE.svg")
    options = parser.parse_args()
    costs = dict[int, tuple[Cost, Cost]]()
    heads = ("tick, µs a job", "raw, µs a job", "raw / tick", "growth")
    print("finished jobs " + " ".join(f"{head:>19}" for head in heads) + "  memory     (of the processor)")
    for finished in options.finished:
        with tempfile.TemporaryDirectory() as folder:
            own, raw, memory = compare(options.due, finished, Path(folder))
        costs[finished] = own, raw
        columns = (own, raw, divide(raw, own), divide(own, costs[options.finished[0]][0]))
        print(f"{finished:>13,} {' '.join(map(show, columns))} {memory:4.0f} MiB", flush=True)
    show_ratios(list_ratios(costs))
    if options.plot:
        plot(costs, options.plot)


def list_ratios(costs: dict[int, tuple[Cost, Cost]]) -> list[Ratio]:
    """Return the rate beside raw inserts at each size, and the growth."""
    sizes = list(costs)
    first, last = costs[sizes[0]][0], costs[sizes[-1]][0]
    rates = [
        Ratio(f"tick: rate beside {finished:,} finished jobs / raw inserts", raw.wall / own.wall, "at least 0.30")
        for finished, (own, raw) in costs.items()
    ]
    growth = Ratio(
        f"tick: cost beside {sizes[-1]:,} finished jobs / {sizes[0]:,}", last.wall / first.wall, "at most 1.5"
    )
    return [*rates, growth]


def plot(costs: dict[int, tuple[Cost, Cost]], file: Path) -> None:
    """Draw the costs by the number of finished jobs."""
    sizes = [finished / 1_000_000 for finished in costs]
    lines = {
        "tick": (sizes, [own.wall for own, _ in costs.values()]),
        "tick, processor": (sizes, [own.cpu for own, _ in costs.values()]),
        "raw inserts": (sizes, [raw.wall for _, raw in costs.values()]),
    }
    plots.draw_lines(file, "millions of finished jobs", {"µs a due job": lines})


def divide(cost: Cost, other: Cost) -> Cost:
    return Cost(cost.wall / other.wall, cost.cpu / other.cpu)


def show(cost: Cost) -> str:
    return f"{cost.wall:10.2f} ({cost.cpu:6.2f})"


if __name__ == "__main__":
    main()
