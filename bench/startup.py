"""What a command costs before it does anything, beside `python -c pass` in the same run.

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


def took(words: list[str], env: dict[str, str]) -> float:
    """Seconds of one run."""
    started = time.monotonic()
    subprocess.run([sys.executable, *words], env=env, check=True, capture_output=True)
    return time.monotonic() - started


def main() -> None:
    """Run each in turn, round by round, and print the medians."""
    with tempfile.TemporaryDirectory() as folder:
        env = {**os.environ, "SCHEDBOT_DATABASE": str(Path(folder) / "schedbot.db")}
        env["SCHEDBOT_CONFIG"] = str(Path(folder) / "schedbot.toml")
        Path(env["SCHEDBOT_CONFIG"]).write_text("")
        took(["-m", "schedbot", "init"], env)
        rounds = [{name: took(words, env) for name, words in COMMANDS.items()} for _ in range(ROUNDS)]
    base = statistics.median(one["python -c pass"] for one in rounds)
    for name in COMMANDS:
        median = statistics.median(one[name] for one in rounds)
        print(f"{name:<30} {median * 1000:6.0f} ms   {median / base:5.1f} x")


if __name__ == "__main__":
    main()
