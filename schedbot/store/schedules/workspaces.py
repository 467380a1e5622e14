"""Workspaces: how each one's token is found (never the token), and whether it is paused."""

import uuid
from dataclasses import dataclass

from schedbot.model import JobState, TokenSource
from schedbot.rules.lifecycle import Event, after
from schedbot.store.database import Database, Row

COLUMNS = "id, name, token_kind, token_place, paused_at, paused_reason, paused_by, created_at, resumes"

ADD = """
INSERT INTO workspaces (id, name, token_kind, token_place, created_at)
VALUES (:id, :name, :kind, :place, :now)
"""

ENSURE_DEFAULT = """
INSERT INTO workspaces (id, name, token_kind, created_at)
SELECT :id, 'default', 'setting', :now
 WHERE NOT EXISTS (SELECT 1 FROM workspaces WHERE name = 'default' AND removed_at IS NULL)
"""

PAUSE = """
UPDATE workspaces SET paused_at = :now, paused_reason = :reason, paused_by = :actor
 WHERE id = :id AND paused_at IS NULL AND removed_at IS NULL
"""

RESUME = """
UPDATE workspaces SET paused_at = NULL, paused_reason = NULL, paused_by = NULL, resumes = resumes + 1 WHERE id = :id
"""

EDIT = "UPDATE workspaces SET token_kind = :kind, token_place = :place WHERE id = :id"

REMOVE = """
UPDATE workspaces SET removed_at = :now, paused_at = NULL, paused_reason = NULL, paused_by = NULL
 WHERE id = :id AND removed_at IS NULL
   AND NOT EXISTS (SELECT 1 FROM schedules s WHERE s.workspace_id = :id AND s.state <> 'removed')
"""

PARK = "UPDATE jobs SET parked = 1 WHERE workspace_id = :id AND state = 'queued' AND parked = 0"

# What was handed out but has not left loses its token: the pool that holds it can neither send nor settle it.
TAKE_BACK = """
UPDATE jobs SET state = :released, parked = 1, token = NULL, lease_until = NULL
 WHERE workspace_id = :id AND state = 'running'
   AND NOT EXISTS (SELECT 1 FROM attempts a
                    WHERE a.job_id = jobs.id AND a.ended_at IS NULL AND a.sent_at IS NOT NULL)
"""

# One second apart within a channel, and at four a millisecond, so that they do not go before another workspace's.
UNPARK = """
UPDATE jobs SET parked = 0, available_at = spaced.free_at
  FROM (SELECT j.id AS id,
               max(j.available_at,
                   :now + 1000 * (row_number() OVER (PARTITION BY v.channel ORDER BY j.due_at, j.id) - 1)
                        + (row_number() OVER (ORDER BY j.due_at, j.id) - 1) / 4) AS free_at
          FROM jobs j
          JOIN schedules s ON s.id = j.schedule_id
          JOIN schedule_versions v ON v.schedule_id = s.id AND v.version = s.version
         WHERE j.workspace_id = :id AND j.state = 'queued' AND j.parked = 1) AS spaced
 WHERE jobs.id = spaced.id
"""

# The longer a post is unknown, the rarer it is looked up. One that never was yet may still arrive: it waits on.
LOOK_UP_NOW = """
UPDATE jobs SET available_at = :now
 WHERE workspace_id = :id AND state = 'unknown' AND available_at > :now
   AND EXISTS (SELECT 1 FROM lookups l WHERE l.job_id = jobs.id AND l.number = jobs.attempts)
"""


@dataclass(frozen=True, slots=True)
class Workspace:
    """One Slack workspace as it stands; `resumes` is how often it was resumed."""

    id: str
    name: str
    token: TokenSource
    paused_at: int | None
    paused_reason: str | None
    paused_by: str | None
    created_at: int
    resumes: int


def workspace(row: Row) -> Workspace:
    number, name, kind, place, *rest = row
    return Workspace(number, name, TokenSource(kind, place), *rest)


def add(db: Database, name: str, token: TokenSource, now: int) -> Workspace:
    """Write a new workspace. Inside a transaction."""
    number = str(uuid.uuid4())
    db.execute(ADD, {"id": number, "name": name, "kind": token.kind, "place": token.place, "now": now})
    return Workspace(number, name, token, None, None, None, now, 0)


def ensure_default(db: Database, now: int) -> None:
    """The workspace `default` is there from the start and uses the setting's token."""
    db.execute(ENSURE_DEFAULT, {"id": str(uuid.uuid4()), "now": now})


def by_name(db: Database, name: str) -> Workspace | None:
    """The workspace of that name, or None."""
    row = db.row(f"SELECT {COLUMNS} FROM workspaces WHERE name = :name AND removed_at IS NULL", {"name": name})
    return workspace(row) if row else None


def by_id(db: Database, number: str) -> Workspace:
    """The workspace with that id. Raises LookupError for an id that was never given."""
    row = db.row(f"SELECT {COLUMNS} FROM workspaces WHERE id = :id", {"id": number})
    if row is None:
        raise LookupError(f"workspace {number}")
    return workspace(row)


def every(db: Database) -> list[Workspace]:
    """All workspaces, by name."""
    return [
        workspace(row) for row in db.rows(f"SELECT {COLUMNS} FROM workspaces WHERE removed_at IS NULL ORDER BY name")
    ]


def edit(db: Database, number: str, token: TokenSource) -> None:
    """Say where else its token is found. Inside a transaction."""
    db.execute(EDIT, {"id": number, "kind": token.kind, "place": token.place})


def remove(db: Database, number: str, now: int) -> bool:
    """Let it go; its name is free. False: a schedule uses it. Inside a transaction."""
    removed = db.execute(REMOVE, {"id": number, "now": now}) == 1
    if removed:
        db.execute("DELETE FROM calendars WHERE workspace_id = :id", {"id": number})
    return removed


def pause(db: Database, number: str, reason: str, actor: str, now: int) -> bool:
    """Park what waits for it; what has left is not touched. False when it was paused already. Inside a transaction."""
    paused = db.execute(PAUSE, {"id": number, "reason": reason, "actor": actor, "now": now}) == 1
    db.execute(PARK, {"id": number})
    db.execute(TAKE_BACK, {"id": number, "released": after(JobState.RUNNING, Event.RELEASED)})
    return paused


def resume(db: Database, number: str, now: int) -> int:
    """Let what waits go on, look-ups too. Returns how many jobs wait to be sent. Inside a transaction."""
    db.execute(RESUME, {"id": number})
    db.execute(LOOK_UP_NOW, {"id": number, "now": now})
    return db.execute(UNPARK, {"id": number, "now": now})
