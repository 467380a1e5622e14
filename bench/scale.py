"""Commands beside many schedules: first line of the listings, doctor.

    python -m bench.scale                       # 1,000,000 schedules
    python -m bench.scale --schedules 5000      # short form

Each listing is compared with the same command on an empty database.
"""

import argparse
import os
import resource
import select
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.support import bulk_fill
from bench.support.ratios import Ratio, show
from bench.tick import build_rules
from schedbot.model import Recurrence
from schedbot.rules import recurrence

LISTINGS = (["list"], ["list", "--json"], ["export"], ["next", "--json"])
PATIENCE_S = 20


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
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        empty, full = (Path(folder) / name for name in ("empty", "full"))
        for place in (empty, full):
            place.mkdir()
        show(measure_listings(options.schedules, Program(empty), Program(full)))


if __name__ == "__main__":
    main()
