"""States of processes on this machine, as /proc shows them. Elsewhere nothing is known, and nothing is returned."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")
STOPPED = "T"  # by a signal: proc(5)


def read_state(pid: int) -> str:
    """Return the state of a process as one letter; '' if there is none, or it is not known."""
    with suppress(OSError, IndexError):
        return (PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()[0]
    return ""


def is_of_schedbot(pid: int) -> bool:
    """Does the process run schedbot? A number may belong to another program by now."""
    with suppress(OSError):
        return b"schedbot" in (PROC / str(pid) / "cmdline").read_bytes()
    return False


def list_descendants(pid: int) -> Iterator[int]:
    """Yield the children of a process, and theirs."""
    for children in (PROC / str(pid) / "task").glob("*/children"):
        with suppress(OSError):
            for child in map(int, children.read_text().split()):
                yield child
                yield from list_descendants(child)


def list_lock_holders(path: Path) -> set[int]:
    """Return the processes that hold a lock on the file."""
    with suppress(OSError):
        status = path.stat()
        place = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"
        lines = [line.split() for line in (PROC / "locks").read_text().splitlines() if "->" not in line]
        return {int(words[4]) for words in lines if len(words) > 5 and words[5] == place and words[4].isdecimal()}
    return set()
