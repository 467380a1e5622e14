"""Workspaces: the source of each token (never the token itself), and pauses."""

import uuid
from dataclasses import dataclass

from schedbot.model import JobState, TokenSource
from schedbot.rules.lifecycle import Event, after
from schedbot.store.database import Database

SELECT = """
SELECT id, name, token_kind AS "token.kind", token_place AS "token.place", paused_at, paused_reason, paused_by,
       created_at, resumes
  FROM workspaces
"""

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

# A running job that was not sent loses its fencing token, so its pool can neither send nor settle it.
TAKE_BACK = """
UPDATE jobs SET state = :released, parked = 1, token = NULL, lease_until = NULL
 WHERE workspace_id = :id AND state = 'running'
   AND NOT EXISTS (SELECT 1 FROM attempts a
                    WHERE a.job_id = jobs.id AND a.ended_at IS NULL AND a.sent_at IS NOT NULL)
"""

# One second apart within a channel, and four a millisecond, so that they do not go before other workspaces' jobs.
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

# The longer an outcome is unknown, the rarer its look-ups. A post without a look-up may still arrive: it waits.
LOOK_UP_NOW = """
UPDATE jobs SET available_at = :now
 WHERE workspace_id = :id AND state = 'unknown' AND available_at > :now
   AND EXISTS (SELECT 1 FROM lookups l WHERE l.job_id = jobs.id AND l.number = jobs.attempts)
"""


@dataclass(frozen=True, slots=True)
class Workspace:
    """A Slack workspace; `resumes` counts how often it was resumed."""

    id: str
    name: str
    token: TokenSource
    paused_at: int | None
    paused_reason: str | None
    paused_by: str | None
    created_at: int
    resumes: int


def add(db: Database, name: str, token: TokenSource, now: int) -> Workspace:
    """Write a new workspace. Inside a transaction."""
    workspace_id = str(uuid.uuid4())
    db.execute(ADD, {"id": workspace_id, "name": name, "kind": token.kind, "place": token.place, "now": now})
    return Workspace(workspace_id, name, token, None, None, None, now, 0)


def ensure_default(db: Database, now: int) -> None:
    """Write the workspace `default`, which uses the token of the settings, if it is missing. Inside a transaction."""
    db.execute(ENSURE_DEFAULT, {"id": str(uuid.uuid4()), "now": now})


def by_name(db: Database, name: str) -> Workspace | None:
    """Return the workspace of that name, or None."""
    return db.first(Workspace, f"{SELECT} WHERE name = :name AND removed_at IS NULL", {"name": name})


def by_id(db: Database, workspace_id: str) -> Workspace:
    """Return the workspace, removed or not. Raises LookupError for an unknown id."""
    workspace = db.first(Workspace, f"{SELECT} WHERE id = :id", {"id": workspace_id})
    if workspace is None:
        raise LookupError(f"workspace {workspace_id}")
    return workspace


def list_all(db: Database) -> list[Workspace]:
    """Return all workspaces, by name."""
    return db.all(Workspace, f"{SELECT} WHERE removed_at IS NULL ORDER BY name")


def edit(db: Database, workspace_id: str, token: TokenSource) -> None:
    """Write another token source. Inside a transaction."""
    db.execute(EDIT, {"id": workspace_id, "kind": token.kind, "place": token.place})


def remove(db: Database, workspace_id: str, now: int) -> bool:
    """Remove it, so that its name is free. Returns False if a schedule uses it. Inside a transaction."""
    removed = db.execute(REMOVE, {"id": workspace_id, "now": now}) == 1
    if removed:
        db.execute("DELETE FROM calendars WHERE workspace_id = :id", {"id": workspace_id})
    return removed


def pause(db: Database, workspace_id: str, reason: str, actor: str, now: int) -> bool:
    """Pause it and park its jobs, except those that were sent. Returns False if it was paused. Inside a transaction."""
    paused = db.execute(PAUSE, {"id": workspace_id, "reason": reason, "actor": actor, "now": now}) == 1
    db.execute(PARK, {"id": workspace_id})
    db.execute(TAKE_BACK, {"id": workspace_id, "released": after(JobState.RUNNING, Event.RELEASED)})
    return paused


def resume(db: Database, workspace_id: str, now: int) -> int:
    """Resume it with its jobs and look-ups. Returns the number of its queued jobs. Inside a transaction."""
    db.execute(RESUME, {"id": workspace_id})
    db.execute(LOOK_UP_NOW, {"id": workspace_id, "now": now})
    return db.execute(UNPARK, {"id": workspace_id, "now": now})
