"""Commands as processes that are forked from a server which has imported the program."""

import atexit
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.support.forks.server import FORKS, START_ENVIRONMENT

# Variables that Python, its libraries or the loader read while they start.
READ_AT_START = ("PYTHON", "LD_", "FAKETIME", "LANG", "LC_", "COLUMNS", "LINES", "TERM", "FORCE_", "CLICOLOR")
# These start processes of their own, and a child of theirs imports the main module.
EXECUTED = frozenset({"work", "demo", "sandbox"})


def can_fork(words: Sequence[str], env: Mapping[str, str]) -> bool:
    """Does a fork behave as a new process would with these words and variables?"""
    names = env.keys() | START_ENVIRONMENT.keys()
    changed = [name for name in names if env.get(name) != START_ENVIRONMENT.get(name)]
    return EXECUTED.isdisjoint(words) and not any(name.startswith(READ_AT_START) for name in changed)


def run_forked(
    words: Sequence[str],
    env: Mapping[str, str],
    folder: Path,
    within: float | None = 60,
    user_id: int | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a command until it ends, as another user if `user_id` is set.

    Raises TimeoutExpired after `within` seconds; None: without a limit.
    """
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        paths = [f"/proc/{os.getpid()}/fd/{file.fileno()}" for file in (out, err)]
        process = FORKS.Process(target=run_command, args=(list(words), dict(env), str(folder), paths, user_id))
        process.start()
        process.join(within)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(list(words), within or 0)
        for file in (out, err):
            file.seek(0)
        return subprocess.CompletedProcess(list(words), process.exitcode, out.read(), err.read())


def run_command(words: list[str], env: dict[str, str], folder: str, paths: list[str], user_id: int | None) -> None:
    """Become the command: its environment, folder, output and user."""
    os.environ.clear()
    os.environ.update(env)
    time.tzset()
    os.chdir(folder)
    for number, path in enumerate(paths, start=1):
        os.dup2(os.open(path, os.O_RDWR | os.O_APPEND), number)
    if user_id is not None:
        os.setgroups([])
        os.setgid(user_id)
        os.setuid(user_id)
    from schedbot.__main__ import main

    sys.argv = ["schedbot", *words]
    try:
        main()
    finally:
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
