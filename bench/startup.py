"""Start-up time of the commands, compared with `python -c pass` in the same run.

python -m bench.startup
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

COMMANDS: dict[str, list[str]] = {
    "python -c pass": ["-c", "pass"],
    "schedbot --help": ["-m", "schedbot", "--help"],
    "schedbot tick (nothing due)": ["-m", "schedbot", "tick"],
    "schedbot list (empty)": ["-m", "schedbot", "list"],
    "schedbot audit --json (empty)": ["-m", "schedbot", "audit", "--json"],
}
ROUNDS = 15


def run_seconds(words: list[str], env: dict[str, str]) -> float:
    """Run a command and return the seconds it took."""
    started = time.monotonic()
    subprocess.run([sys.executable, *words], env=env, check=True, capture_output=True)
    return time.monotonic() - started


def main() -> None:
    """Run the commands in rounds and print the medians."""
    with tempfile.TemporaryDirectory() as folder:
        env = {**os.environ, "SCHEDBOT_DATABASE": str(Path(folder) / "schedbot.db")}
        env["SCHEDBOT_CONFIG"] = str(Path(folder) / "schedbot.toml")
        Path(env["SCHEDBOT_CONFIG"]).write_text("")
        run_seconds(["-m", "schedbot", "init"], env)
        rounds = [{name: run_seconds(words, env) for name, words in COMMANDS.items()} for _ in range(ROUNDS)]
    base = statistics.median(times["python -c pass"] for times in rounds)
    for name in COMMANDS:
        median = statistics.median(times[name] for times in rounds)
        print(f"{name:<30} {median * 1000:6.0f} ms   {median / base:5.1f} x")


if __name__ == "__main__":
    main()
