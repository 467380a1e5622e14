"""Signs of life of ticks and pools, so that it shows when cron or a pool has stopped."""

from schedbot import __version__
from schedbot.store.database import Database

BEAT = """
INSERT INTO heartbeats (kind, name, program, started_at, beat_at)
VALUES (:kind, :name, :program, :started_at, :now)
ON CONFLICT (kind, name) DO UPDATE
   SET program = excluded.program, started_at = excluded.started_at, beat_at = excluded.beat_at
"""


def beat(db: Database, kind: str, name: str, started_at: int, now: int) -> None:
    """Say that the tick or pool of that name is alive. Inside a transaction."""
    db.execute(BEAT, {"kind": kind, "name": name, "program": __version__, "started_at": started_at, "now": now})


def delete(db: Database, kind: str, name: str) -> None:
    """A pool has ended in good order. Inside a transaction."""
    db.execute("DELETE FROM heartbeats WHERE kind = :kind AND name = :name", {"kind": kind, "name": name})


def get_last_beat(db: Database, kind: str) -> int | None:
    """The latest sign of life of that kind."""
    found: int | None = db.value("SELECT max(beat_at) FROM heartbeats WHERE kind = :kind", {"kind": kind})
    return found
