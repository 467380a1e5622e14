"""Commands in an environment of their own: a database in a folder, Berlin time, no Slack."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

Run = Callable[..., subprocess.CompletedProcess[str]]
ADD = ("--cron", "0 9 * * mon,fri", "--tz", "America/Los_Angeles", "--channel", "C0123456789", "--text", "Hi")


def new_command_line(folder: Path) -> Run:
    """Return a function that runs a command on a new database in `folder`; keywords are variables."""
    own = {"SCHEDBOT_DATABASE": str(folder / "s.db"), "TZ": "Europe/Berlin", "NO_COLOR": "1"}
    env = {key: value for key, value in os.environ.items() if not key.startswith(("SCHEDBOT", "SLACK"))} | own

    def run(*words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "schedbot", *words]
        return subprocess.run(
            command, env=env | variables, cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL
        )

    run("init")
    return run
