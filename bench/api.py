"""Costs of the Python API: adds on a warm handle beside raw INSERTs, many writers at once, and the import.

python -m bench.api [FOLDER]          the database is made in FOLDER, /tmp by default; /dev/shm has no disk

A raw INSERT writes the rows of an add (schedule, version, change) in one transaction, with the same durability.
"""

import argparse
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw

import schedbot
from schedbot import settings
from schedbot.admin.operations import init

ADDS, EACH, ROUNDS = 1_000, 100, 15
THREADS, PROCESSES = 8, 4
TABLES = ("schedules", "schedule_versions", "changes")


def fields(number: int) -> dict[str, Any]:
    """Return the fields of a schedule of a customer."""
    cron = f"{number % 60} {number // 60 % 24} * * mon"
    return {"cron": cron, "tz": "America/New_York", "channel": "C0123456789", "text": "Hi", "account": str(number)}


def measure(calls: int, call: Callable[[int], object]) -> list[float]:
    """Return the milliseconds of each call."""
    durations = []
    for number in range(calls):
        started = time.perf_counter()
        call(number)
        durations.append((time.perf_counter() - started) * 1000)
    return durations


def show(name: str, durations: list[float]) -> float:
    """Print calls a second of one writer, median and 99th percentile; returns the median."""
    ordered = sorted(durations)
    median, p99 = statistics.median(ordered), ordered[int(len(ordered) * 0.99)]
    print(f"{name:<44} {1000 * len(ordered) / sum(ordered):7.0f}/s   p50 {median:6.2f} ms   p99 {p99:7.2f} ms")
    return median


def raw_inserts(database: Path) -> Callable[[int], None]:
    """Return a call that writes the rows of an add to tables of the same columns and indexes."""
    copy = database.with_name("raw.db")
    apsw.Connection(str(database)).execute("VACUUM INTO ?", [str(copy)])
    connection = apsw.Connection(str(copy))
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = OFF"):
        connection.execute(f"PRAGMA {pragma}")
    rows = {}
    for table in TABLES:
        cursor = connection.execute(f"SELECT * FROM {table} LIMIT 1")
        columns = [name for name, _ in cursor.get_description()]
        rows[table] = (columns, list(cursor.fetchall()[0]))

    def insert(number: int) -> None:
        connection.execute("BEGIN IMMEDIATE")
        for table, (columns, row) in rows.items():
            values = dict(zip(columns, row, strict=True))
            own = {"id": f"raw-{number}", "name": f"raw-{number}", "schedule_id": f"raw-{number}"}
            values.update({name: value for name, value in own.items() if name in values})
            if table == "changes":
                values["id"] = None
            marks = ", ".join("?" * len(columns))
            sql = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"
            connection.execute(sql, list(values.values()))
        connection.execute("COMMIT")

    return insert


def add_in_process(database: Path, name: str, results: Any) -> None:
    """Add schedules and send their durations."""
    with schedbot.open(database) as bot:
        bot.add(f"{name}-first", **fields(0))  # loads modules
        results.put(measure(EACH, lambda number: bot.add(f"{name}-{number}", **fields(number))))


def add_at_once(bot: schedbot.Schedbot, database: Path) -> list[float]:
    """Return the milliseconds of adds by all threads and processes at once."""
    context = multiprocessing.get_context("spawn")
    results, durations = context.Queue(), list[float]()
    processes = [context.Process(target=add_in_process, args=(database, f"p{n}", results)) for n in range(PROCESSES)]
    threads = [
        threading.Thread(
            target=lambda n=n: durations.extend(measure(EACH, lambda k: bot.add(f"t{n}-{k}", **fields(k))))
        )
        for n in range(THREADS)
    ]
    writers: list[Any] = [*processes, *threads]
    for writer in writers:
        writer.start()
    for _ in processes:
        durations += results.get()
    for writer in writers:
        writer.join()
    return durations


def import_ms(code: str) -> float:
    """Return the median milliseconds of a Python that runs the code."""
    command = [sys.executable, "-c", code]
    return statistics.median(measure(ROUNDS, lambda _: subprocess.run(command, check=True)))


def main() -> None:
    """Print all costs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", default=tempfile.gettempdir())
    with tempfile.TemporaryDirectory(dir=parser.parse_args().folder) as folder:
        database, config = Path(folder) / "schedbot.db", Path(folder) / "schedbot.toml"
        init.initialize(Path(folder), settings.Flags(config=str(config), database=str(database)), 0)
        os.environ["SCHEDBOT_CONFIG"] = str(config)
        with schedbot.open(database) as bot:
            measure(50, lambda number: bot.add(f"warm-{number}", **fields(number)))
            used = time.process_time()
            add = show("add on a warm handle", measure(ADDS, lambda number: bot.add(f"a-{number}", **fields(number))))
            used = (time.process_time() - used) * 1000 / ADDS
            print(f"{'processor time of an add':<44} {used:7.2f} ms")
            raw = show("raw INSERT of the same rows", measure(ADDS, raw_inserts(database)))
            print(f"{'ratio of the medians':<44} {add / raw:7.1f} x")
            show(f"{THREADS} threads and {PROCESSES} processes that add at once", add_at_once(bot, database))
    bare = import_ms("pass")
    for code in ("import schedbot", "import schedbot; schedbot.open"):
        print(f"{code:<44} {import_ms(code) - bare:7.1f} ms more than 'python -c pass' ({bare:.0f} ms)")


if __name__ == "__main__":
    main()
