"""Wake-ups of waiting pools: each pool has a FIFO beside the database, and a byte in it means "look for jobs".

A wake-up can get lost (a full pipe, a pool that is starting), so pools also poll, only more slowly.
"""

import os
from contextlib import suppress
from pathlib import Path

SUFFIX = ".wake"


def fifo_path(database: Path, pool: str) -> Path:
    """Return the path of a pool's FIFO."""
    return database.with_name(f"{database.name}-{pool}{SUFFIX}")


def listen(database: Path, pool: str) -> int:
    """Make the pool's FIFO and open it. Returns a descriptor that never blocks; `remove` ends it."""
    path = fifo_path(database, pool)
    with suppress(FileNotFoundError):
        path.unlink()
    os.mkfifo(path, 0o600)
    # Read and write: a FIFO without a writer would always be readable, at its end.
    return os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)


def remove(database: Path, pool: str, descriptor: int) -> None:
    """Close the pool's FIFO and delete it."""
    os.close(descriptor)
    with suppress(FileNotFoundError):
        fifo_path(database, pool).unlink()


def drain(descriptor: int) -> None:
    """Read all wake-ups that have arrived: they mean the same."""
    with suppress(BlockingIOError):
        while os.read(descriptor, 4096):
            pass


def wake_all(database: Path) -> None:
    """Wake every pool of this database. Delete the FIFOs of dead pools."""
    with suppress(OSError):
        for entry in os.scandir(database.parent):
            if entry.name.startswith(database.name + "-") and entry.name.endswith(SUFFIX):
                wake_one(Path(entry.path))


def wake_one(path: Path) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        # Nobody reads it: its pool is dead.
        with suppress(OSError):
            path.unlink()
        return
    with suppress(BlockingIOError):
        os.write(descriptor, b"!")
    os.close(descriptor)
