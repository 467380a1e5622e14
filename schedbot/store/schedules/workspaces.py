"""Workspaces: the source of each token (never the token itself), and pauses."""

import uuid
from dataclasses import dataclass

from schedbot.model import JobState, TokenSource
from schedbot.rules.lifecycle import Event, after
from schedbot.store.database import Database
from schedbot.store.schedules import parked_jobs
from schedbot.store.schedules.parked_jobs import ResumedJobs

SELECT = """
SELECT id, name, token_kind AS "token.kind", token_place AS "token.place", paused_at, paused_reason, paused_by,
       created_at, resumes, stops_grace
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
UPDATE workspaces SET paused_at = :now, paused_reason = :reason, paused_by = :actor, stops_grace = :stops_grace
 WHERE id = :id AND paused_at IS NULL AND removed_at IS NULL
"""

RESUME = """
UPDATE workspaces
   SET paused_at = NULL, paused_reason = NULL, paused_by = NULL, stops_grace = 0, resumes = resumes + 1
 WHERE id = :id
"""

HAS_SEVERAL = "SELECT count(*) > 1 FROM (SELECT 1 FROM workspaces WHERE removed_at IS NULL LIMIT 2)"

EDIT = "UPDATE workspaces SET token_kind = :kind, token_place = :place WHERE id = :id"

REMOVE = """
UPDATE workspaces
   SET removed_at = :now, paused_at = NULL, paused_reason = NULL, paused_by = NULL, stops_grace = 0
 WHERE id = :id AND removed_at IS NULL
   AND NOT EXISTS (SELECT 1 FROM schedules s WHERE s.workspace_id = :id AND s.state <> 'removed')
"""

# Messages that have begun outlive their schedules, but not the workspace.
END_BEGUN = """
UPDATE jobs SET state = :failed, error = 'workspace_removed', parked = 0
 WHERE id IN (SELECT id FROM jobs WHERE workspace_id = :id AND state = 'queued' AND parked = 0
              UNION ALL SELECT id FROM jobs WHERE workspace_id = :id AND state = 'queued' AND parked = 1)
"""

# The longer an outcome is unknown, the rarer its look-ups. A post without a look-up may still arrive: it waits.
LOOK_UP_NOW = """
UPDATE jobs SET available_at = :now
 WHERE workspace_id = :id AND state = 'unknown' AND available_at > :now
   AND EXISTS (SELECT 1 FROM lookups l WHERE l.job_id = jobs.id AND l.number = jobs.attempts)
"""


@dataclass(frozen=True, slots=True)
class Workspace:
    """A Slack workspace; `resumes` counts how often it was resumed.

    `stops_grace`: it is paused because its token was refused, so the grace of its jobs does not run.
    """

    id: str
    name: str
    token: TokenSource
    paused_at: int | None
    paused_reason: str | None
    paused_by: str | None
    created_at: int
    resumes: int
    stops_grace: bool = False


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


def has_several(db: Database) -> bool:
    """Is there more than one workspace that is not removed?"""
    return db.is_true(HAS_SEVERAL, {})


def edit(db: Database, workspace_id: str, token: TokenSource) -> None:
    """Write another token source. Inside a transaction."""
    db.execute(EDIT, {"id": workspace_id, "kind": token.kind, "place": token.place})


def remove(db: Database, workspace_id: str, now: int) -> bool:
    """Remove it, so that its name is free. Returns False if a schedule uses it. Inside a transaction."""
    removed = db.execute(REMOVE, {"id": workspace_id, "now": now}) == 1
    if removed:
        db.execute(END_BEGUN, {"id": workspace_id, "failed": after(JobState.QUEUED, Event.EXPIRED)})
        db.execute("DELETE FROM calendars WHERE workspace_id = :id", {"id": workspace_id})
    return removed


def pause(db: Database, workspace_id: str, reason: str, actor: str, now: int, *, stops_grace: bool = False) -> bool:
    """Pause it and park its jobs, except those that were sent. Returns False if it was paused. Inside a transaction."""
    bindings = {"id": workspace_id, "reason": reason, "actor": actor, "now": now, "stops_grace": stops_grace}
    paused = db.execute(PAUSE, bindings) == 1
    parked_jobs.park(db, workspace_id)
    return paused


def resume(db: Database, workspace_id: str, now: int) -> ResumedJobs:
    """Resume it with its jobs and look-ups. Returns the numbers of jobs that are sent, and not. Inside a transaction.

    After a pause by a refused token, the grace of the jobs counts from `now`.
    """
    workspace = by_id(db, workspace_id)
    if workspace.stops_grace and workspace.paused_at is not None:
        parked_jobs.restart_grace(db, workspace_id, workspace.paused_at, now)
    db.execute(RESUME, {"id": workspace_id})
    db.execute(LOOK_UP_NOW, {"id": workspace_id, "now": now})
    return parked_jobs.unpark(db, workspace_id, now)
