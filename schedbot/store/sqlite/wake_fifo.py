"""Wake-ups of waiting pools: each pool has a FIFO beside the database, and a byte in it means "look for jobs".

A wake-up can get lost (a full pipe, a pool that is starting), so pools also poll, only more slowly.
"""

import errno
import glob
import os
from contextlib import suppress
from pathlib import Path

from schedbot.errors import DatabaseUnusable
from schedbot.store.sqlite import companion_files

SUFFIX = ".wake"


def fifo_path(database: Path, pool: str) -> Path:
    """Return the path of a pool's FIFO."""
    return database.with_name(f"{database.name}-{pool}{SUFFIX}")


def listen(database: Path, pool: str) -> int:
    """Make the pool's FIFO. Returns a descriptor that never blocks; `remove` ends it. Raises DatabaseUnusable."""
    return companion_files.make_fifo(fifo_path(database, pool), database)


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
    """Wake one pool. Whatever else has the name of its FIFO is left alone, as is the FIFO of another user."""
    try:
        descriptor = companion_files.open_fifo_writer(path)
    except DatabaseUnusable:
        return
    except OSError as error:
        if error.errno == errno.ENXIO:  # nobody reads it: its pool is dead
            with suppress(OSError):
                path.unlink()
        return
    with suppress(BlockingIOError):
        os.write(descriptor, b"!")
    os.close(descriptor)


def count_listeners(database: Path) -> int:
    """Return the number of pools that listen beside a database."""
    return sum(map(has_listener, database.parent.glob(f"{glob.escape(database.name)}-*{SUFFIX}")))


def has_listener(path: Path) -> bool:
    """Does a pool read from the FIFO?"""
    try:
        os.close(companion_files.open_fifo_writer(path))
    except (OSError, DatabaseUnusable):
        return False
    return True
