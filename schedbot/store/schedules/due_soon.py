"""Is anything due soon? Each answer is one read of an index, for a tick that mostly has nothing to do."""

from schedbot.store.database import Database

LOOK_AHEAD_MS = 90_000  # of a tick

HAS_OCCURRENCE = """
SELECT EXISTS (SELECT 1 FROM recurrences WHERE next_due_at IS NOT NULL AND next_due_at <= :horizon)
"""

HAS_ENDING_PAUSE = "SELECT EXISTS (SELECT 1 FROM schedules WHERE state_until IS NOT NULL AND state_until <= :horizon)"

HAS_USER_ZONE = "SELECT EXISTS (SELECT 1 FROM people WHERE ask_at <= :now)"

ZONE_DATA = "SELECT zone_data FROM installation"


def has_occurrence(db: Database, horizon: int) -> bool:
    """Is an occurrence due up to `horizon` that is not enqueued?"""
    return db.is_true(HAS_OCCURRENCE, {"horizon": horizon})


def has_ending_pause(db: Database, horizon: int) -> bool:
    """Does the pause of a schedule end up to `horizon`?"""
    return db.is_true(HAS_ENDING_PAUSE, {"horizon": horizon})


def has_user_zone(db: Database, now: int) -> bool:
    """Is a request for the time zone of a Slack user due?"""
    return db.is_true(HAS_USER_ZONE, {"now": now})


def get_zone_data(db: Database) -> str | None:
    """Return the version of the time zone data by which the next occurrences were computed."""
    return db.text_or_none(ZONE_DATA)
