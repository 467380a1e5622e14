"""Jobs a second of huey on SQLite with no-op tasks: the consumer's loop in one process, each task dequeued by itself.

python bench/peers/huey_drain.py JOBS DATABASE

The journal is WAL and synchronous=FULL, as in schedbot. Results are stored, which stands for the recorded attempt.
"""

import sys
import time

from huey import SqliteHuey, __version__

jobs, database = int(sys.argv[1]), sys.argv[2]
huey = SqliteHuey(filename=database, fsync=True, results=True, store_none=True)


@huey.task()
def do_nothing(number: int) -> None:
    """Do nothing."""


for number in range(jobs):
    huey.enqueue(do_nothing.s(number))
started = time.monotonic()
while (task := huey.dequeue()) is not None:
    huey.execute(task)
print(f"huey {__version__} on SQLite {jobs / (time.monotonic() - started):8.0f} jobs/s")
