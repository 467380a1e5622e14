"""Heartbeats of ticks and pools: they show that cron and the pools still run.

A heartbeat that lies in the future was written while the clock was ahead, and is no sign of life. So that the last tick
at a right time is known then, a gap between two ticks is on record too: kind `gap`, from started_at to beat_at.
Instants are UTC milliseconds.
"""

from typing import NamedTuple

from schedbot import __version__
from schedbot.store.database import Database

BEAT = """
INSERT INTO heartbeats (kind, name, program, started_at, beat_at)
VALUES (:kind, :name, :program, :started_at, :now)
ON CONFLICT (kind, name) DO UPDATE
   SET program = excluded.program, started_at = excluded.started_at, beat_at = excluded.beat_at
"""

# One of the future stays until a tick has put right what the command wrote.
BEAT_COMMAND = """
INSERT INTO heartbeats (kind, name, program, started_at, beat_at) VALUES ('command', 'command', :program, :now, :now)
ON CONFLICT (kind, name) DO UPDATE
   SET program = excluded.program, started_at = excluded.started_at, beat_at = excluded.beat_at
 WHERE heartbeats.beat_at < excluded.beat_at
"""

DELETE = "DELETE FROM heartbeats WHERE kind = :kind AND name = :name"

LAST = "SELECT max(beat_at) FROM heartbeats WHERE kind = :kind AND beat_at <= :latest"

AHEAD = "SELECT max(beat_at) FROM heartbeats WHERE kind IN ('tick', 'pool', 'command') AND beat_at > :latest"

# cron starts a tick each minute.
RECORD_GAP = """
INSERT OR REPLACE INTO heartbeats (kind, name, program, started_at, beat_at)
SELECT 'gap', beat_at, program, beat_at, :now FROM heartbeats
 WHERE kind = 'tick' AND name = 'tick' AND beat_at < :now - :gap_ms
"""

DELETE_OLD_GAPS = """
DELETE FROM heartbeats
 WHERE kind = 'gap'
   AND name NOT IN (SELECT name FROM heartbeats WHERE kind = 'gap' ORDER BY started_at DESC LIMIT :kept)
"""

# The last tick, or the one before the gap in which the clock was set.
LAST_RIGHT_TICK = """
SELECT coalesce((SELECT max(beat_at) FROM heartbeats WHERE kind = 'tick' AND beat_at <= :now),
                (SELECT max(started_at) FROM heartbeats WHERE kind = 'gap' AND started_at <= :now AND beat_at > :now))
"""

SET_TICK_BACK = "UPDATE heartbeats SET beat_at = :since, started_at = :since WHERE kind = 'tick' AND beat_at > :now"

DELETE_AHEAD = "DELETE FROM heartbeats WHERE beat_at > :now AND kind <> 'tick'"

# Clocks of processes on one machine agree; a step of time synchronisation is small.
MAX_CLOCK_LEAD_MS = 30_000
GAP_MS = 150_000
KEPT_GAPS = 500
POOL_ALIVE_MS = 90_000
FORGET_MS = 86_400_000  # a pool that was killed so long ago

LIST_GAPS = "SELECT started_at, beat_at AS ended_at FROM heartbeats WHERE kind = 'gap' ORDER BY started_at"

LIST_POOLS = "SELECT name, beat_at, is_sharing FROM heartbeats WHERE kind = 'pool'"

DELETE_OLD_POOLS = "DELETE FROM heartbeats WHERE kind = 'pool' AND beat_at < :before"

SET_SHARING = "UPDATE heartbeats SET is_sharing = :is_sharing WHERE kind = 'pool' AND name = :name"

HAS_POOL = "SELECT EXISTS (SELECT 1 FROM heartbeats WHERE kind = 'pool' AND beat_at BETWEEN :since AND :latest)"


class TickGap(NamedTuple):
    """A time without a tick: from the last tick before it to the first one after it."""

    started_at: int
    ended_at: int


class RegisteredPool(NamedTuple):
    """A pool that has not ended in good order: it runs, or it was killed. `is_sharing`: its holds are in `pacing`."""

    name: str
    beat_at: int
    is_sharing: int

    def counts_as_alive(self, now: int) -> bool:
        """May the pool still post? One that the clock has left in the future may."""
        return self.beat_at > now - POOL_ALIVE_MS


def beat(db: Database, kind: str, name: str, started_at: int, now: int) -> None:
    """Write the heartbeat of the tick or pool with that name. Inside a transaction."""
    db.execute(BEAT, {"kind": kind, "name": name, "program": __version__, "started_at": started_at, "now": now})


def beat_service(db: Database, started_at: int, now: int) -> None:
    """Record that a pool runs as a service, so that `health` expects one from now on. Inside a transaction."""
    beat(db, "service", "pool", started_at, now)


def beat_command(db: Database, now: int) -> None:
    """Record that a command changed something now, for a clock that is ahead. Inside a transaction."""
    db.execute(BEAT_COMMAND, {"program": __version__, "now": now})


def forget_service(db: Database) -> None:
    """Record that cron drains the queue: a pool is not expected until one runs as a service. Inside a transaction."""
    delete(db, "service", "pool")


def delete(db: Database, kind: str, name: str) -> None:
    """Delete the heartbeat of a pool that ends in good order. Inside a transaction."""
    db.execute(DELETE, {"kind": kind, "name": name})


def get_last_beat(db: Database, kind: str, now: int) -> int | None:
    """Return the instant of the last heartbeat of that kind, or None. One of the future does not count."""
    return db.integer_or_none(LAST, {"kind": kind, "latest": now + MAX_CLOCK_LEAD_MS})


def find_ahead(db: Database, now: int) -> int | None:
    """Return the instant of the newest heartbeat that lies in the future, or None."""
    return db.integer_or_none(AHEAD, {"latest": now + MAX_CLOCK_LEAD_MS})


def beat_tick(db: Database, now: int) -> None:
    """Write the heartbeat of a tick, and the gap before it, if there is one. Inside a transaction."""
    if db.execute(RECORD_GAP, {"now": now, "gap_ms": GAP_MS}):
        db.execute(DELETE_OLD_GAPS, {"kept": KEPT_GAPS})
    beat(db, "tick", "tick", now, now)


def list_gaps(db: Database) -> list[TickGap]:
    """Return the times without a tick that are still on record, in order."""
    return db.all(TickGap, LIST_GAPS)


def is_pool_alive(db: Database, now: int) -> bool:
    """Has a pool written a heartbeat within POOL_ALIVE_MS?"""
    return db.is_true(HAS_POOL, {"since": now - POOL_ALIVE_MS + 1, "latest": now + MAX_CLOCK_LEAD_MS})


def list_pools(db: Database) -> list[RegisteredPool]:
    """Return the pools that have not ended in good order."""
    return db.all(RegisteredPool, LIST_POOLS)


def delete_old_pools(db: Database, now: int) -> None:
    """Delete the heartbeats of pools that were killed over a day ago: each commit reads all. Inside a transaction."""
    db.execute(DELETE_OLD_POOLS, {"before": now - FORGET_MS})


def may_pool_post(db: Database, now: int) -> bool:
    """May a pool post now, as far as its heartbeat tells?"""
    return any(pool.counts_as_alive(now) for pool in list_pools(db))


def set_sharing(db: Database, name: str, is_sharing: bool) -> None:
    """Record whether a pool writes its holds of channels. Inside a transaction."""
    db.execute(SET_SHARING, {"name": name, "is_sharing": int(is_sharing)})


def take_back_ahead(db: Database, now: int) -> int:
    """Take back the heartbeats of the future. Returns the last tick at a right time, as far as it is known, or `now`.

    Inside a transaction.
    """
    since = db.integer_or_none(LAST_RIGHT_TICK, {"now": now})
    since = now if since is None else since
    db.execute(SET_TICK_BACK, {"since": since, "now": now})
    db.execute(DELETE_AHEAD, {"now": now})
    return since
