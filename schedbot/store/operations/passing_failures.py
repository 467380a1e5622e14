"""Failures that may pass by themselves: of this machine, and of the sources of tokens. `health` shows them.

They outlive the pool: `work --drain` runs once a minute, and goes on from the record of the one before.
"""

from typing import NamedTuple

from schedbot.store.database import Database

SAVE = """
INSERT INTO passing_failures (code, workspace_id, since, failed_at, detail)
VALUES (:code, :workspace_id, :since, :failed_at, :detail)
ON CONFLICT (code, workspace_id) DO UPDATE
   SET since = excluded.since, failed_at = excluded.failed_at, detail = excluded.detail
"""

DELETE = "DELETE FROM passing_failures WHERE code = :code AND workspace_id = :workspace_id"

LIST = """
SELECT f.code, f.workspace_id, coalesce(w.name, '') AS workspace, f.since, f.failed_at, f.detail
  FROM passing_failures f LEFT JOIN workspaces w ON w.id = f.workspace_id
 WHERE f.failed_at > :since AND (w.id IS NULL OR w.paused_at IS NULL AND w.removed_at IS NULL)
 ORDER BY f.code, workspace
"""

FORGET_MS = 300_000  # failures further apart have not lasted from one to the other
NO_POSTERS = "no_posters"


class PassingFailure(NamedTuple):
    """A failure of this machine (`workspace_id` is ''), or of a workspace's token source; `since` its first time."""

    code: str
    workspace_id: str
    workspace: str
    since: int
    failed_at: int
    detail: str


def save(db: Database, failure: PassingFailure) -> None:
    """Write the failure. Inside a transaction."""
    bindings = {"code": failure.code, "workspace_id": failure.workspace_id, "detail": failure.detail}
    db.execute(SAVE, {**bindings, "since": failure.since, "failed_at": failure.failed_at})


def delete(db: Database, code: str, workspace_id: str) -> None:
    """Delete a failure that has passed. Inside a transaction."""
    db.execute(DELETE, {"code": code, "workspace_id": workspace_id})


def list_recent(db: Database, now: int) -> list[PassingFailure]:
    """Return the failures that have not passed, as far as is known."""
    return db.all(PassingFailure, LIST, {"since": now - FORGET_MS})
