"""Pauses of all schedules at once: `pause --all`. Each schedule keeps its own state. Instants are UTC milliseconds."""

from dataclasses import dataclass

from schedbot.store.database import Database

SELECT = "SELECT id, paused_at, reason, paused_by, paused_until, ended_at FROM pauses_of_all"

PRESENT = f"{SELECT} WHERE ended_at IS NULL"

COVERING = f"""
{SELECT} WHERE paused_at <= :at AND (ended_at IS NULL OR ended_at > :at) ORDER BY paused_at DESC LIMIT 1
"""

IS_ON = "EXISTS (SELECT 1 FROM pauses_of_all WHERE ended_at IS NULL)"

BEGIN = """
INSERT INTO pauses_of_all (paused_at, reason, paused_by, paused_until) VALUES (:now, :reason, :by, :until)
"""

CHANGE = "UPDATE pauses_of_all SET reason = :reason, paused_by = :by, paused_until = :until WHERE ended_at IS NULL"

END = "UPDATE pauses_of_all SET ended_at = :at, ended_by = :by WHERE ended_at IS NULL"

HAS_ENDING = "SELECT EXISTS (SELECT 1 FROM pauses_of_all WHERE ended_at IS NULL AND paused_until <= :horizon)"

# The clock was ahead, and its end has not come yet.
RESTORE = "UPDATE pauses_of_all SET ended_at = NULL, ended_by = NULL WHERE ended_by = :by AND ended_at > :now"


@dataclass(frozen=True, slots=True)
class PauseOfAll:
    """A pause of all schedules. `paused_until` None: a person ends it. `ended_at` None: it is on."""

    id: int
    paused_at: int
    reason: str
    paused_by: str
    paused_until: int | None
    ended_at: int | None


def is_on(db: Database) -> bool:
    """Are all schedules paused now?"""
    return db.is_true(f"SELECT {IS_ON}")


def get_present(db: Database) -> PauseOfAll | None:
    """Return the pause that is on, or None."""
    return db.first(PauseOfAll, PRESENT)


def find_covering(db: Database, at: int) -> PauseOfAll | None:
    """Return the pause that was or is on at an instant, or None."""
    return db.first(PauseOfAll, COVERING, {"at": at})


def write(db: Database, reason: str, by: str, until: int | None, now: int) -> None:
    """Begin a pause, or change the one that is on. Inside a transaction."""
    bindings = {"reason": reason, "by": by, "until": until}
    if not db.execute(CHANGE, bindings):
        db.execute(BEGIN, {**bindings, "now": now})


def end(db: Database, at: int, by: str) -> None:
    """Record the end of the pause. Inside a transaction."""
    db.execute(END, {"at": at, "by": by})


def has_ending(db: Database, horizon: int) -> bool:
    """Does a timed pause of all schedules end up to `horizon`?"""
    return db.is_true(HAS_ENDING, {"horizon": horizon})


def restore_ended(db: Database, by: str, now: int) -> bool:
    """Restore a pause whose end `by` recorded and that has not come yet. Returns whether there was one."""
    return db.execute(RESTORE, {"by": by, "now": now}) == 1
