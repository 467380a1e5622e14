"""Drain of no-op tasks by huey's own consumer on SQLite.

    python huey_drain.py JOBS FOLDER [WORKERS]

The consumer has its default settings (one thread; WORKERS for more) and writes no log. `fsync=True` is
synchronous=FULL, which is checked on the consumer's connection; the journal is WAL. A result is stored for each task.
It prints a line of JSON: version, durability and seconds from the first task to the last stored result.
"""

import json
import sys
import threading
import time

from huey import SqliteHuey, __version__
from huey.signals import SIGNAL_COMPLETE

jobs, database = int(sys.argv[1]), f"{sys.argv[2]}/huey.db"
workers = int(sys.argv[3]) if len(sys.argv) > 3 else 1
huey = SqliteHuey(filename=database, fsync=True, results=True, store_none=True)
instants = []
is_done = threading.Event()


@huey.task()
def do_nothing(number: int) -> None:
    """Do nothing."""
    if not instants:
        instants.append(time.monotonic())


@huey.signal(SIGNAL_COMPLETE)
def count(signal: str, task: object, exc: object = None) -> None:
    """Note the end of the last task; its result is stored by then."""
    count.number += 1
    if count.number == jobs:
        instants.append(time.monotonic())
        is_done.set()


count.number = 0
storage = huey.storage
with storage.db(commit=True) as cursor:  # enqueueing is not measured: one commit for all
    rows = ((storage.name, huey.serialize_task(do_nothing.s(number)), 0) for number in range(jobs))
    cursor.executemany("INSERT INTO task (queue, data, priority) VALUES (?, ?, ?)", rows)
(synchronous,) = storage.sql("PRAGMA synchronous", results=True)[0]
(journal,) = storage.sql("PRAGMA journal_mode", results=True)[0]
consumer = huey.create_consumer(workers=workers)
consumer.start()
is_done.wait()
consumer.stop(graceful=True)
assert huey.result_count() == jobs, huey.result_count()
durability = f"synchronous={'FULL' if synchronous == 2 else synchronous}, {journal}"
print(json.dumps({"version": __version__, "durability": durability, "seconds": instants[1] - instants[0]}))
