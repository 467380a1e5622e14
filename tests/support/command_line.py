"""Commands in an environment of their own: a database in a folder, Berlin time, no Slack."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.support.forks.commands import can_fork, run_forked

Run = Callable[..., subprocess.CompletedProcess[str]]
ADD = ("--cron", "0 9 * * mon,fri", "--tz", "America/Los_Angeles", "--channel", "C0123456789", "--text", "Hi")

# Nobody may not be able to read the program, so root loads it before it becomes nobody.
NOBODY = 65534
MAIN_OF_NOBODY = f"""
import importlib, os, pkgutil, sys
import encodings.ascii, encodings.utf_8_sig, encodings.idna
import filelock, rich.prompt, rich.progress, rich.table, slack_sdk.web.async_client
import schedbot
for module in pkgutil.walk_packages(schedbot.__path__, "schedbot."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
os.setgroups([])
os.setgid({NOBODY})
os.setuid({NOBODY})
schedbot.command_line.main()
"""


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
    command = [sys.executable, "-c", MAIN_OF_NOBODY, *words]
    return subprocess.run(command, capture_output=True, text=True, env=env, cwd=cwd)
