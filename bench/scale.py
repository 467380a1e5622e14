"""Commands beside many schedules: import, first line of the listings, doctor.

    python -m bench.scale                       # 1,000,000 schedules, import of 100,000 lines
    python -m bench.scale --schedules 20000 --lines 2000   # short form

The import is compared with raw inserts of its rows, and the listings with the same command on an empty database.
"""

import argparse
import csv
import os
import resource
import select
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import apsw

from bench.support import bulk_fill
from bench.support.ratios import Ratio, show
from bench.sync import COLUMNS, build_rows
from bench.tick import DUE_AT, build_rules
from schedbot.model import Recurrence
from schedbot.rules import recurrence
from schedbot.store.open_database import create_database

LISTINGS = (["list"], ["list", "--json"], ["export"], ["next", "--json"])
PATIENCE_S = 20
TABLES = ("schedules", "schedule_versions", "changes")


class Program:
    """The commands on one database."""

    def __init__(self, folder: Path) -> None:
        self.database = folder / "schedbot.db"
        (folder / "schedbot.toml").write_text("")
        environment = {"SCHEDBOT_DATABASE": str(self.database), "SCHEDBOT_CONFIG": str(folder / "schedbot.toml")}
        self.env = {**os.environ, **environment, "SLACK_BOT_TOKEN": "xoxb-1"}
        self.run("init")

    def start(self, *words: str) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "schedbot", *words]
        return subprocess.Popen(command, env=self.env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def run(self, *words: str) -> tuple[float, float]:
        """Run a command. Returns its seconds, and those of the processor."""
        before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        self.start(*words).communicate()
        wall, after = time.monotonic() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
        return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    def first_output(self, *words: str) -> float | None:
        """Return the seconds until the first output of a command; None if there is none for PATIENCE_S."""
        started = time.monotonic()
        process = self.start(*words)
        assert process.stdout
        is_ready = select.select([process.stdout], [], [], PATIENCE_S)[0]
        seconds = time.monotonic() - started
        process.kill()
        process.communicate()
        return seconds if is_ready else None


def insert_raw(database: Path, copy: Path) -> float:
    """Return the seconds of inserting the rows of an import into an empty database, in one transaction."""
    create_database(copy, "raw", DUE_AT).close()
    connection = apsw.Connection(str(copy))
    for pragma in ("synchronous = FULL", "foreign_keys = OFF", "cache_size = -65536"):
        connection.execute(f"PRAGMA {pragma}").fetchall()
    connection.execute("ATTACH ? AS source", (str(database),))
    rows = {table: connection.execute(f"SELECT * FROM source.{table}").fetchall() for table in TABLES}
    started = time.monotonic()
    with connection:
        for table, values in rows.items():
            connection.executemany(f"INSERT INTO main.{table} VALUES ({','.join('?' * len(values[0]))})", values)
    return time.monotonic() - started


def measure_import(lines: int, folder: Path) -> list[Ratio]:
    """Print the lines a second of an import, and of raw inserts. Return their ratios."""
    program, file = Program(folder), folder / "schedules.csv"
    with file.open("w", newline="") as out:
        csv.writer(out).writerows([COLUMNS, *build_rows(lines, 0)])
    wall, cpu = program.run("import", str(file))
    raw = insert_raw(program.database, folder / "raw.db")
    print(f"import           {lines / wall:8.0f} lines/s   cpu {cpu / lines * 1e6:6.0f} µs a line")
    print(f"raw inserts      {lines / raw:8.0f} lines/s")
    return [
        Ratio(f"scale: import of {lines:,} lines", lines / wall, "at least 30000", "/s"),
        Ratio("scale: rate of the import / raw inserts", raw / wall),
    ]


def find_next(rules: list[tuple[str, str, int]]) -> list[tuple[str, str, int]]:
    """Return the rules with their next instants, as the last tick would have left them."""
    now = int(time.time() * 1000)
    return [(cron, tz, recurrence.next_after(Recurrence(tz, cron=cron), now) or now) for cron, tz, _ in rules]


def measure_listings(schedules: int, empty: Program, full: Program) -> list[Ratio]:
    """Print the seconds until the first output of the listings, and of doctor until its end. Return their ratios."""
    ratios = list[Ratio]()
    with bulk_fill.filling(full.database, ("jobs", "schedules", "schedule_versions")) as connection:
        bulk_fill.add_schedules(connection, schedules, 100, find_next(build_rules()))
    for words in LISTINGS:
        base, first = empty.run(*words)[0], full.first_output(*words)
        shown = f"more than {PATIENCE_S} s" if first is None else f"{first:8.2f} s"
        print(f"{' '.join(words):<16} first output after {shown}   on an empty database {base:.2f} s in all")
        title = f"scale: first output of {' '.join(words)} / all of it on an empty database"
        ratios.append(Ratio(title, (first or PATIENCE_S) / base, "about 1"))
    doctor = full.run("doctor")[0]
    print(f"doctor           {doctor:8.2f} s   on an empty database {empty.run('doctor')[0]:.2f} s")
    return [*ratios, Ratio(f"scale: doctor with {schedules:,} schedules", doctor, "under 2 s", "s")]


def main() -> None:
    """Measure all."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--schedules", type=int, default=1_000_000)
    parser.add_argument("--lines", type=int, default=100_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        places = [Path(folder) / name for name in ("import", "empty", "full")]
        for place in places:
            place.mkdir()
        imported = measure_import(options.lines, places[0])
        show([*imported, *measure_listings(options.schedules, Program(places[1]), Program(places[2]))])


if __name__ == "__main__":
    main()
