"""Helpers of tests with a failing database, disk or machine: the form of an error, a mounted file system, limits.

prlimit(1) sets the limits of file descriptors, memory and processes.
"""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.app import App, Program

ADD = ("add", "daily", "--cron", "0 9 * * *", "--tz", "UTC", "--channel", "C0000000001", "--text", "Hi")


def assert_refused(done: subprocess.CompletedProcess[str], error: str, hint: str, code: int = 1) -> None:
    """Assert that a command printed one line of error and one hint, and nothing else."""
    lines = done.stderr.splitlines()
    assert (done.returncode, done.stdout) == (code, "")
    assert [line[:7] for line in lines] == ["Error: ", "Hint:  "]
    assert error in lines[0]
    assert hint in lines[1]


@contextmanager
def mount(folder: Path, *options: str) -> Iterator[Path]:
    """Mount a file system at `folder`. Skips the test without the right to mount."""
    folder.mkdir(exist_ok=True)
    mounted = subprocess.run(["mount", *options, str(folder)], check=False, capture_output=True)
    if mounted.returncode:
        pytest.skip("needs the right to mount")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Fill the disk with one file."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while file.write(b"x" * 4096):
                pass
        except OSError:
            return filler
    raise AssertionError("the disk was never full")


def start_limited(app: App, limits: str, *words: str, **env: str) -> Program:
    """Start a command under limits in the form of prlimit's options, for example `--nofile=64 --as=900000000`."""
    return app.start_behind(("prlimit", *limits.split()), *words, **env)


def run_limited(app: App, limits: str, *words: str, within: float = 60, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a command under limits until it ends. Raises TimeoutExpired after `within` seconds."""
    program = start_limited(app, limits, *words, **env)
    out, err = program.communicate(timeout=within)
    return subprocess.CompletedProcess(words, program.returncode, out, err)
