"""Heartbeats of ticks and pools: they show that cron and the pools still run."""

from schedbot import __version__
from schedbot.store.database import Database

BEAT = """
INSERT INTO heartbeats (kind, name, program, started_at, beat_at)
VALUES (:kind, :name, :program, :started_at, :now)
ON CONFLICT (kind, name) DO UPDATE
   SET program = excluded.program, started_at = excluded.started_at, beat_at = excluded.beat_at
"""

DELETE = "DELETE FROM heartbeats WHERE kind = :kind AND name = :name"

LAST = "SELECT max(beat_at) FROM heartbeats WHERE kind = :kind"


def beat(db: Database, kind: str, name: str, started_at: int, now: int) -> None:
    """Write the heartbeat of the tick or pool with that name. Inside a transaction."""
    db.execute(BEAT, {"kind": kind, "name": name, "program": __version__, "started_at": started_at, "now": now})


def delete(db: Database, kind: str, name: str) -> None:
    """Delete the heartbeat of a pool that ends in good order. Inside a transaction."""
    db.execute(DELETE, {"kind": kind, "name": name})


def get_last_beat(db: Database, kind: str) -> int | None:
    """Return the instant of the last heartbeat of that kind, or None."""
    return db.integer_or_none(LAST, {"kind": kind})
