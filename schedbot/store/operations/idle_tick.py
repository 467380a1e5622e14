"""A tick that has nothing to do, as most have: some reads of indexes and a heartbeat.

It imports neither rules nor statements of jobs, since cron starts it each minute.
"""

from typing import NamedTuple

from schedbot.store.database import Database
from schedbot.store.operations import heartbeats, ownership
from schedbot.store.schedules import due_soon, pauses_of_all
from schedbot.times.zones import zone_data_version

MANY_RESULTS = 5_000  # worth the transactions; fewer are counted by each reader in some milliseconds
HAS_RESULTS = """
SELECT coalesce((SELECT max(id) FROM results) - (SELECT min(id) FROM results) + 1 >= :least, 0)
"""


class TickResult(NamedTuple):
    """Number of schedules with due occurrences, and of occurrences by the state they got."""

    started_at: int
    schedules: int
    enqueued: int
    missed: int
    skipped: int
    took_ms: int


def beat(db: Database, now: int, horizon: int) -> bool:
    """Write the heartbeat of a tick at `now`. Returns False, and writes nothing, if the tick has something to do."""
    if not is_idle(db, now, horizon):
        return False
    with db.writing():
        heartbeats.beat_tick(db, now)
    return True


def is_idle(db: Database, now: int, horizon: int) -> bool:
    """Has a tick nothing to do? The file is at its owner's place, and clock and time zone data are as before."""
    with db.reading():
        owner = ownership.get_owner(db)
        return (
            owner is not None
            and owner.is_of(db.path)
            and heartbeats.find_ahead(db, now) is None
            and due_soon.get_zone_data(db) == zone_data_version()[0]
            and not is_anything_due(db, now, horizon)
        )


def is_anything_due(db: Database, now: int, horizon: int) -> bool:
    """Is an occurrence or the end of a pause due up to `horizon`?"""
    return (
        due_soon.has_occurrence(db, horizon)
        or due_soon.has_ending_pause(db, horizon)
        or pauses_of_all.has_ending(db, now, horizon)
    )


def has_results(db: Database, least: int = MANY_RESULTS) -> bool:
    """Do so many results wait to be added to the roll-ups?"""
    return db.is_true(HAS_RESULTS, {"least": least})
