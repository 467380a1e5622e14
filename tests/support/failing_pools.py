"""Helpers of tests with a failing database or disk: the form of an error, and a mounted file system."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ADD = ("add", "daily", "--cron", "0 9 * * *", "--tz", "UTC", "--channel", "C0000000001", "--text", "Hi")


def assert_refused(done: subprocess.CompletedProcess[str], error: str, hint: str) -> None:
    """Assert that a command printed one line of error and one hint, and nothing else."""
    lines = done.stderr.splitlines()
    assert (done.returncode, done.stdout) == (1, "")
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
