"""Commands in an environment of their own: a database in a folder, Berlin time, no Slack."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.support.forks.commands import can_fork, run_forked

Run = Callable[..., subprocess.CompletedProcess[str]]
ADD = ("--cron", "0 9 * * mon,fri", "--tz", "America/Los_Angeles", "--channel", "C0123456789", "--text", "Hi")

# The server of forks has loaded the program, which nobody may not be able to read.
NOBODY = 65534


def new_command_line(folder: Path) -> Run:
    """Return a function that runs a command on a new database in `folder`; keywords are variables."""
    own = {"SCHEDBOT_DATABASE": str(folder / "s.db"), "TZ": "Europe/Berlin", "NO_COLOR": "1"}
    env = {key: value for key, value in os.environ.items() if not key.startswith(("SCHEDBOT", "SLACK"))} | own

    def run(*words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        if can_fork(words, env | variables):
            return run_forked(words, env | variables, folder, None)
        command = [sys.executable, "-m", "schedbot", *words]
        return subprocess.run(
            command, env=env | variables, cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL
        )

    run("init")
    return run


def run_as_nobody(*words: str, cwd: str = "/", **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command as a user without rights. Needs root."""
    env = {**os.environ, "HOME": "/", "NO_COLOR": "1", **variables}
    return run_forked(words, env, Path(cwd), user_id=NOBODY)
