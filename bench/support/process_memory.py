"""Memory of a process and its children, as the system counts it."""

from contextlib import suppress
from pathlib import Path

PAGE_KIB = 4


def list_children(pid: int) -> list[int]:
    """Return the ids of the children of a process."""
    children = list[int]()
    with suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            children += map(int, (thread / "children").read_text().split())
    return sorted(children)


def read_memory(pid: int) -> float:
    """Return the resident memory of a process in MiB; 0 once it has ended."""
    with suppress(OSError):
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_KIB / 1024
    return 0.0
