"""Pause and resume all schedules at once, without a change to the state of each.

The same rule as for the pause of one schedule: pending jobs are cancelled, and occurrences that are due during the
pause are not enqueued. Meanwhile a tick only moves the recurrences on, and enqueues what is due soon after the pause.
Instants are UTC milliseconds.
"""

from schedbot.store.database import Database
from schedbot.store.fanout import enqueue_due, pause_all_end
from schedbot.store.fanout.insert_jobs import LOOK_AHEAD_MS, Counts
from schedbot.store.schedules import pauses_of_all, recurrences

SLICE = 50  # recurrences in one read


def begin(db: Database, reason: str, by: str, until: int | None, now: int) -> int:
    """Pause all schedules. Returns the number of jobs that were cancelled. Inside a transaction."""
    advance_all(db, now, now)
    pauses_of_all.write(db, reason, by, until, now)
    return pause_all_end.call_off(db, now)


def end(db: Database, by: str, now: int) -> int:
    """Resume all schedules from now on. Returns the number of jobs that were enqueued. Inside a transaction."""
    advance_all(db, now, now)  # past what is due up to now, which stays without a post
    deferred = pause_all_end.resume_after(db, now, now, by)
    pauses_of_all.make_final(db)
    return deferred + advance_all(db, now, now + LOOK_AHEAD_MS).enqueued


def advance_all(db: Database, now: int, horizon: int) -> Counts:
    """Advance all recurrences that are due up to `horizon`."""
    counts = Counts()
    while due := recurrences.list_due(db, horizon, SLICE):
        for recurrence in due:
            enqueue_due.advance(db, recurrence, now, horizon, counts)
    return counts
