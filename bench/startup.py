"""Start-up time of the commands, compared with `python -c pass` in the same run.

    python -m bench.startup                # 15 rounds
    python -m bench.startup --rounds 3     # short form

The processor time is compared too: it depends less on other load. The configuration is the one that `init` writes, and
modules are compiled once, as in an installation.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from bench.support.ratios import Ratio, show

BASE = "python -c pass"
COMMANDS: dict[str, tuple[list[str], float | None]] = {  # words, and the bound of the ratio
    BASE: (["-c", "pass"], None),
    "schedbot --help": (["-m", "schedbot", "--help"], 6),
    "schedbot tick (nothing due)": (["-m", "schedbot", "tick"], 5),
    "schedbot health": (["-m", "schedbot", "health"], 5),
    "schedbot list (empty)": (["-m", "schedbot", "list"], None),
    "schedbot audit --json (empty)": (["-m", "schedbot", "audit", "--json"], None),
}


class Spent(NamedTuple):
    """Seconds of one run."""

    wall: float
    cpu: float


def measure(words: list[str], env: dict[str, str]) -> Spent:
    """Run a command and return the time it took."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run([sys.executable, *words], env=env, check=True, capture_output=True)
    wall, after = time.monotonic() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    return Spent(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def run_rounds(rounds: int) -> dict[str, Spent]:
    """Return the median times of each command. The commands run in turns."""
    with tempfile.TemporaryDirectory() as folder:
        env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        env |= {
            "PYTHONPYCACHEPREFIX": str(Path(folder) / "compiled"),
            "SCHEDBOT_DATABASE": str(Path(folder) / "schedbot.db"),
            "SCHEDBOT_CONFIG": str(Path(folder) / "schedbot.toml"),
        }
        measure(["-m", "schedbot", "init"], env)
        for words, _ in COMMANDS.values():
            measure(words, env)
        runs = [{name: measure(words, env) for name, (words, _) in COMMANDS.items()} for _ in range(rounds)]
    return {name: Spent(*map(statistics.median, zip(*(run[name] for run in runs), strict=True))) for name in COMMANDS}


def main() -> None:
    """Run the commands in rounds and print the medians."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=15)
    medians = run_rounds(parser.parse_args().rounds)
    base = medians[BASE]
    for name, (wall, cpu) in medians.items():
        bound = COMMANDS[name][1]
        times = f"{wall * 1000:6.0f} ms {wall / base.wall:5.1f} x   cpu {cpu * 1000:6.0f} ms {cpu / base.cpu:5.1f} x"
        print(f"{name:<30} {times}" + (f"   bound {bound:.0f} x" if bound else ""))
    show(
        [
            Ratio(f"startup: {name} / {BASE}, processor", medians[name].cpu / base.cpu, f"under {bound:.0f}")
            for name, (_, bound) in COMMANDS.items()
            if bound
        ]
    )


if __name__ == "__main__":
    main()
