"""What the tests of a database in trouble share: how an error reads, and a disk of one's own."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ADD = ("add", "daily", "--cron", "0 9 * * *", "--tz", "UTC", "--channel", "C0000000001", "--text", "Hi")


def assert_refused(done: subprocess.CompletedProcess[str], error: str, hint: str) -> None:
    """A line with the error, a line with what helps, and nothing else."""
    told = done.stderr.splitlines()
    assert (done.returncode, done.stdout) == (1, "")
    assert [line[:7] for line in told] == ["Error: ", "Hint:  "]
    assert error in told[0]
    assert hint in told[1]


@contextmanager
def mount(folder: Path, *options: str) -> Iterator[Path]:
    folder.mkdir(exist_ok=True)
    tried = subprocess.run(["mount", *options, str(folder)], check=False, capture_output=True)
    if tried.returncode:
        pytest.skip("needs the right to mount")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
