"""A year over 1,000 schedules by `simulate`, beside finding the same fires alone, in one run.

    python -m bench.simulation --days 365

Three loads: weekly reports, daily ones at 1,000 different minutes, and a mix in which every fourth is hourly.
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
from schedbot.admin.simulation.span import SimulationSpan
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


def filled(schedules: Schedules, load: str) -> set[Recurrence]:
    """The schedules of a load, imported, and their rules."""
    lines = [
        {"name": f"s{n}", "cron": LOADS[load](n), "tz": ZONES[n % 4], "channel": f"C{n:010}", "text": "Hi"}
        for n in range(SCHEDULES)
    ]
    raw = "\n".join(map(json.dumps, lines)).encode()
    importer.import_file(schedules.session, Source("lines.jsonl", raw))
    return {Recurrence(line["tz"], cron=line["cron"]) for line in lines}


def main() -> None:
    """Run each load and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--days", type=int, default=365)
    days = parser.parse_args().days
    log.quiet = True
    span = SimulationSpan(ms(START), ms(START) + days * DAY_MS)
    for load in LOADS:
        with tempfile.TemporaryDirectory() as folder, open_schedules(Path(folder)) as schedules:
            schedules.utc = START
            rules = filled(schedules, load)
            began = time.monotonic()
            fires = sum(1 for rule in rules for _ in recurrence.between(rule, span.start - 1, span.end - 1))
            alone = time.monotonic() - began
            began = time.monotonic()
            found = sum(1 for _ in simulate.simulate(schedules.session, span, run_tick, lambda at: None))
            took = time.monotonic() - began
        beside = f"{len(rules):4} rules, {fires:8} fires alone {alone:5.1f} s"
        print(f"{load:<7} {found:8} occurrences {took:6.1f} s;  {beside}")


if __name__ == "__main__":
    main()
