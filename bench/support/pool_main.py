"""Pool of a measurement, as `schedbot work` runs it, in a process of its own. `pool_process` starts it.

    python -m bench.support.pool_main SETTINGS

SETTINGS is a JSON object. It prints its times as a line of JSON at its beginning, once all posters are ready, and at
its end, with its result. Its children import this module too, so it imports nothing at the top that they do not need.
"""

import json
import sys


def main() -> None:
    """Run the pool until it is drained or stopped."""
    import cProfile
    from contextlib import nullcontext
    from pathlib import Path

    from bench.support import noop_poster, pool_times, statement_times
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
    profile, is_timed = (options.pop(name) for name in ("profile", "is_timed"))
    options["database"] = Path(options["database"])
    settings = Settings(config=None, token=TokenSource("env", "SLACK_BOT_TOKEN"), **options)
    if is_noop:
        poster.run = noop_poster.run
    db, selector = open_database(settings.database), pool_times.TimedSelector()
    timed = statement_times.time_statements(db) if is_timed else None
    with log_in_background(), cProfile.Profile() if profile else nullcontext() as profiler:
        print(json.dumps(pool_times.read(selector)), flush=True)
        pool = Pool(Session(settings, db), drain=is_drain, selector=selector)
        pool_times.call_when(
            lambda: len(pool.in_flight.open_posters()) >= settings.processes,
            lambda: print(json.dumps(pool_times.read(selector)), flush=True),
        )
        states = pool.run()
    end = pool_times.read(selector)
    db.close()
    if profiler:
        profiler.dump_stats(profile)
    statements = timed.list_costs(sum(states.values())) if timed else []
    result = {"states": states, "started_children": next(NUMBERS) - 1, "statements": statements}
    print(json.dumps({**end, **result}), flush=True)


if __name__ == "__main__":
    main()
