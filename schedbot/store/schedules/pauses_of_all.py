"""Pauses of all schedules at once: `pause --all`. Each schedule keeps its own state. Instants are UTC milliseconds.

A timed pause is open until a tick at or after its end. If the clock of that tick was ahead, the pause is on again once
the clock is right, unless a person has paused or resumed all schedules since.
"""

from typing import NamedTuple

from schedbot.store.database import Database

TICK = "schedbot tick"

SELECT = "SELECT id, paused_at, reason, paused_by, paused_until, ended_at FROM pauses_of_all"

OPEN = f"{SELECT} WHERE ended_at IS NULL"

# A tick ended it before its time: the clock was ahead.
ENDED_TOO_EARLY = "is_final = 0 AND ended_by = :tick AND ended_at > :now"

PRESENT = f"""
{SELECT}
 WHERE (ended_at IS NULL AND (paused_until IS NULL OR paused_until > :now)) OR ({ENDED_TOO_EARLY})
 ORDER BY ended_at IS NULL DESC, id DESC LIMIT 1
"""

COVERING = f"""
{SELECT} WHERE paused_at <= :at AND (ended_at IS NULL OR ended_at > :at) ORDER BY paused_at DESC LIMIT 1
"""

BEGIN = """
INSERT INTO pauses_of_all (paused_at, reason, paused_by, paused_until) VALUES (:now, :reason, :by, :until)
"""

CHANGE = "UPDATE pauses_of_all SET reason = :reason, paused_by = :by, paused_until = :until WHERE ended_at IS NULL"

END = "UPDATE pauses_of_all SET ended_at = :at, ended_by = :by WHERE ended_at IS NULL"

MAKE_FINAL = "UPDATE pauses_of_all SET is_final = 1 WHERE is_final = 0 AND ended_at IS NOT NULL"

HAS_ENDING = f"""
SELECT EXISTS (SELECT 1 FROM pauses_of_all
                WHERE (ended_at IS NULL AND paused_until <= :horizon) OR ({ENDED_TOO_EARLY}))
"""

# The newest one: it is the last that a person asked for.
RESTORE = f"""
UPDATE pauses_of_all SET ended_at = NULL, ended_by = NULL
 WHERE id = (SELECT max(id) FROM pauses_of_all WHERE {ENDED_TOO_EARLY})
   AND NOT EXISTS (SELECT 1 FROM pauses_of_all WHERE ended_at IS NULL)
"""

PUT_RIGHT = """
UPDATE pauses_of_all SET paused_at = min(paused_at, :now), ended_at = min(ended_at, :now)
 WHERE paused_at > :now OR ended_at > :now
"""


class PauseOfAll(NamedTuple):
    """A pause of all schedules. `paused_until` None: a person ends it. `ended_at` None: it is open."""

    id: int
    paused_at: int
    reason: str
    paused_by: str
    paused_until: int | None
    ended_at: int | None


def stops(job: str) -> str:
    """Return the SQL condition that an open pause stops a row of `jobs`; not what a tick enqueued for after its end."""
    return f"""EXISTS (SELECT 1 FROM pauses_of_all p
                        WHERE p.ended_at IS NULL
                          AND (p.paused_until IS NULL OR p.paused_until > coalesce({job}.deferred_to, {job}.due_at)))"""


def get_open(db: Database) -> PauseOfAll | None:
    """Return the pause that no tick and no person has ended, or None."""
    return db.first(PauseOfAll, OPEN)


def get_present(db: Database, now: int) -> PauseOfAll | None:
    """Return the pause that is on, or None."""
    return db.first(PauseOfAll, PRESENT, {"now": now, "tick": TICK})


def find_covering(db: Database, at: int) -> PauseOfAll | None:
    """Return the pause that was or is on at an instant, or None."""
    return db.first(PauseOfAll, COVERING, {"at": at})


def get_end_of_pauses(db: Database, at: int) -> int:
    """Return the instant after which occurrences count: before `at`, or at the end of the pauses that cover it."""
    after = at - 1
    while (pause := find_covering(db, after + 1)) and pause.ended_at is not None:
        after = pause.ended_at - 1 if pause.ended_at == pause.paused_until else pause.ended_at
    return after


def write(db: Database, reason: str, by: str, until: int | None, now: int) -> None:
    """Begin a pause, or change the one that is open. Earlier ones are final. Inside a transaction."""
    bindings = {"reason": reason, "by": by, "until": until}
    if not db.execute(CHANGE, bindings):
        db.execute(BEGIN, {**bindings, "now": now})
    make_final(db)


def end(db: Database, at: int, by: str) -> None:
    """Record the end of the pause. Inside a transaction."""
    db.execute(END, {"at": at, "by": by})


def make_final(db: Database) -> bool:
    """Let no ended pause be restored any more. False: there was none. Inside a transaction."""
    return db.execute(MAKE_FINAL) > 0


def has_ending(db: Database, now: int, horizon: int) -> bool:
    """Does a timed pause of all schedules end up to `horizon`, or did one end too early?"""
    return db.is_true(HAS_ENDING, {"horizon": horizon, "now": now, "tick": TICK})


def restore(db: Database, now: int) -> bool:
    """Open the newest pause that a tick ended before its time. False: there is none, or another pause is open."""
    return db.execute(RESTORE, {"now": now, "tick": TICK}) == 1


def put_right(db: Database, now: int) -> None:
    """Let pauses that began or ended while the clock was ahead do so now. Inside a transaction."""
    db.execute(PUT_RIGHT, {"now": now})
