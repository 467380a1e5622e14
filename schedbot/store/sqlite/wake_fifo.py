"""A committed change wakes the pools that wait: each has a FIFO beside the database, and a byte in it says "look".

A wake-up may be lost (a full pipe, a pool that just starts): pools poll as well, only slower.
"""

import os
from contextlib import suppress
from pathlib import Path

ENDING = ".wake"


def fifo_for(database: Path, pool: str) -> Path:
    """The path of one pool's FIFO."""
    return database.with_name(f"{database.name}-{pool}{ENDING}")


def listen(database: Path, pool: str) -> int:
    """Make the pool's FIFO and open it. Returns a descriptor that never blocks; `forget` ends it."""
    path = fifo_for(database, pool)
    with suppress(FileNotFoundError):
        path.unlink()
    os.mkfifo(path, 0o600)
    # Read and write: a FIFO without a writer would always be readable, at its end.
    return os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)


def forget(database: Path, pool: str, descriptor: int) -> None:
    """Close the pool's FIFO and take it away."""
    os.close(descriptor)
    with suppress(FileNotFoundError):
        fifo_for(database, pool).unlink()


def drain(descriptor: int) -> None:
    """Read all wake-ups that have come: they say the same."""
    with suppress(BlockingIOError):
        while os.read(descriptor, 4096):
            pass


def wake_all(database: Path) -> None:
    """Wake every pool of this database. What a dead pool left behind is swept away."""
    with suppress(OSError):
        for entry in os.scandir(database.parent):
            if entry.name.startswith(database.name + "-") and entry.name.endswith(ENDING):
                wake_one(Path(entry.path))


def wake_one(path: Path) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        # Nobody listens: its pool is gone.
        with suppress(OSError):
            path.unlink()
        return
    with suppress(BlockingIOError):
        os.write(descriptor, b"!")
    os.close(descriptor)
