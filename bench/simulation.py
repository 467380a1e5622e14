"""Time of `simulate` for a year of 1,000 schedules, compared with the recurrence rules alone.

    python -m bench.simulation --days 365

Three loads: weekly reports; daily reports at 1,000 different minutes; weekly reports with every fourth one hourly.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from schedbot import log
from schedbot.admin.import_export import importer
from schedbot.admin.import_export.importer import Source
from schedbot.admin.simulation import simulate
from schedbot.admin.simulation.downtimes import SimulationSpan
from schedbot.commands.schedules.simulate import run_tick
from schedbot.model import Recurrence
from schedbot.rules import recurrence
from tests.support.schedules import Schedules, ms, open_schedules

SCHEDULES = 1_000
START = "2026-01-01 00:00:00"
DAY_MS = 86_400_000
ZONES = ("America/New_York", "Europe/Berlin", "Asia/Kolkata", "America/Sao_Paulo")


def weekly(number: int) -> str:
    return f"{number % 4 * 15} {7 + number % 4} * * {number % 7}"


def daily(number: int) -> str:
    return f"{number % 60} {number // 60} * * *"


def mixed(number: int) -> str:
    return f"{number % 60} * * * *" if number % 4 == 0 else weekly(number)


LOADS: dict[str, Callable[[int], str]] = {"weekly": weekly, "daily": daily, "mixed": mixed}


def import_load(schedules: Schedules, load: str) -> set[Recurrence]:
    """Import the schedules of a load. Returns their recurrences."""
    lines = [
        {"name": f"s{n}", "cron": LOADS[load](n), "tz": ZONES[n % 4], "channel": f"C{n:010}", "text": "Hi"}
        for n in range(SCHEDULES)
    ]
    raw = "\n".join(map(json.dumps, lines)).encode()
    importer.import_file(schedules.session, Source("lines.jsonl", raw))
    return {Recurrence(line["tz"], cron=line["cron"]) for line in lines}


def main() -> None:
    """Run each load and print its times."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--days", type=int, default=365)
    days = parser.parse_args().days
    log.quiet = True
    span = SimulationSpan(ms(START), ms(START) + days * DAY_MS)
    for load in LOADS:
        with tempfile.TemporaryDirectory() as folder, open_schedules(Path(folder)) as schedules:
            schedules.utc = START
            rules = import_load(schedules, load)
            started = time.monotonic()
            fires = sum(1 for rule in rules for _ in recurrence.between(rule, span.start - 1, span.end - 1))
            rules_s = time.monotonic() - started
            started = time.monotonic()
            occurrences = sum(1 for _ in simulate.simulate(schedules.session, span, run_tick, lambda at: None))
            simulate_s = time.monotonic() - started
        baseline = f"{len(rules):4} rules alone, {fires:8} instants {rules_s:5.1f} s"
        print(f"{load:<7} {occurrences:8} occurrences {simulate_s:6.1f} s;  {baseline}")


if __name__ == "__main__":
    main()
