"""One process at a time does a thing, by a lock file beside the database: a second one leaves it to the first.

It only spares work. What must not be done twice is guaranteed by the tables.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from schedbot.store.database import Database


@contextmanager
def alone(db: Database, thing: str) -> Iterator[bool]:
    """Hold the lock of `thing`; False where another process does. Raises OSError if there can be no such file."""
    from filelock import FileLock, Timeout

    lock = FileLock(f"{db.path}-{thing}.lock", timeout=0)
    try:
        lock.acquire()
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()
