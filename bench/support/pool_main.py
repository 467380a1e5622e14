"""Pool of a measurement, as `schedbot work` runs it, in a process of its own. `pool_process` starts it.

    python -m bench.support.pool_main SETTINGS

SETTINGS is a JSON object. It prints a line of JSON once all posters are ready, and another at its end. Its children
import this module too, so it imports nothing at the top that they do not need.
"""

import json
import sys


def main() -> None:
    """Run the pool until it is drained or stopped."""
    import threading
    from pathlib import Path

    from bench.support import noop_poster
    from schedbot import log
    from schedbot.model import TokenSource
    from schedbot.session import Session
    from schedbot.settings import Settings
    from schedbot.store.open_database import open_database
    from schedbot.worker.children import poster
    from schedbot.worker.children.child_process import NUMBERS
    from schedbot.worker.log_thread import log_in_background
    from schedbot.worker.pool import Pool

    options = json.loads(sys.argv[1])
    is_noop, is_drain, log.quiet = (options.pop(name) for name in ("is_noop", "is_drain", "is_quiet"))
    options["database"] = Path(options["database"])
    settings = Settings(config=None, token=TokenSource("env", "SLACK_BOT_TOKEN"), **options)
    if is_noop:
        poster.run = noop_poster.run
    session = Session(settings, open_database(settings.database))
    with log_in_background():
        pool = Pool(session, drain=is_drain)
        threading.Thread(target=report_ready, args=(pool,), daemon=True).start()
        states = pool.run()
    session.db.close()
    started = next(NUMBERS) - 1
    print(json.dumps({"states": states, "started_children": started, **read_cpu()}), flush=True)


def report_ready(pool: "Pool") -> None:  # type: ignore[name-defined]  # noqa: F821
    """Print the processor time of the start once all posters are ready."""
    import time

    while len(pool.in_flight.open_posters()) < pool.session.settings.processes:
        time.sleep(0.005)
    print(json.dumps(read_cpu()), flush=True)


def read_cpu() -> dict[str, float]:
    """Return the processor seconds of this process, and of its children that run or have ended."""
    import multiprocessing
    import os
    import resource
    import time
    from contextlib import suppress
    from pathlib import Path

    running = 0.0
    for child in multiprocessing.active_children():  # this also counts those that have ended
        with suppress(OSError):
            fields = Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()
            running += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {"parent_s": time.process_time(), "children_s": running + ended.ru_utime + ended.ru_stime}


if __name__ == "__main__":
    main()
