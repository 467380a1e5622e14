"""Workspaces are added, paused and removed here: the rule, the rows and their record in one transaction.

Rule: a pause parks what waits and touches nothing that has left; a workspace that schedules use cannot be removed.
"""

import shlex
from dataclasses import dataclass
from typing import Any

from schedbot import times
from schedbot.admin.change_context import ChangeContext, ChangedObject
from schedbot.admin.fields import parsers
from schedbot.admin.workspaces import token_sources
from schedbot.admin.workspaces.lookup import find
from schedbot.errors import BadInput
from schedbot.model import TokenSource
from schedbot.session import Session
from schedbot.store.schedules import workspace_usage, workspaces
from schedbot.store.schedules.workspaces import Workspace

LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class PauseResult:
    """A workspace that was paused or resumed: was that a change, and how many jobs wait (or now go on)."""

    changed: bool
    waiting: int


def add(session: Session, name: str, token: TokenSource) -> str:
    """Add a workspace whose token is found at `token`. Returns what is still to be done, if anything.

    Raises BadInput.
    """
    check_name(name)
    missing = token_sources.try_token(token)
    with session.db.writing():
        if workspaces.by_name(session.db, name) is not None:
            raise BadInput(
                f"A workspace is called '{name}' already.",
                hint=f"Change it with 'schedbot workspace edit {shlex.quote(name)}', or choose another name.",
            )
        added = workspaces.add(session.db, name, token, session.now())
        record(session, "workspace add", None, added)
    return missing


def edit(session: Session, name: str, token: TokenSource) -> str:
    """Say where else a workspace's token is found. Returns what is still to be done, or nothing. Raises BadInput."""
    find(session.db, name)
    missing = token_sources.try_token(token)
    with session.db.writing():
        before = find(session.db, name)
        workspaces.edit(session.db, before.id, token)
        record(session, "workspace edit", before, find(session.db, name))
    return missing


def pause(session: Session, name: str, reason: str) -> PauseResult:
    """Stop all posts to it; its jobs wait. Raises NotFound, and BadInput for the reason."""
    with session.db.writing():
        before = find(session.db, name)
        reason = parsers.parse_reason(reason) or "paused by hand"
        changed = workspaces.pause(session.db, before.id, reason, session.actor, session.now())
        if changed:
            record(session, "workspace pause", before, find(session.db, name))
        waiting = workspace_usage.waiting(session.db, before.id)
    return PauseResult(changed, waiting)


def resume(session: Session, name: str) -> PauseResult:
    """Let what waits go on. Raises NotFound."""
    with session.db.writing():
        before = find(session.db, name)
        waiting = workspaces.resume(session.db, before.id, session.now())
        changed = before.paused_at is not None
        if changed:
            record(session, "workspace resume", before, find(session.db, name))
    session.db.wake()
    return PauseResult(changed, waiting)


def remove(session: Session, name: str) -> None:
    """Remove a workspace that no schedule uses; its jobs and changes stay on record. Raises BadInput."""
    with session.db.writing():
        before = find(session.db, name)
        if not workspaces.remove(session.db, before.id, session.now()):
            used = workspace_usage.schedules(session.db, before.id)
            told = "1 schedule uses it" if used == 1 else f"{used} schedules use it"
            raise BadInput(
                f"The workspace '{name}' cannot be removed: {told}.",
                hint=f"'schedbot list --workspace {shlex.quote(name)}' shows them: "
                "remove them, or edit their --workspace, first.",
            )
        record(session, "workspace remove", before, None)


def check_name(name: str) -> None:
    if not name.strip() or name != name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
        raise BadInput(
            f"{times.quote(name)} cannot be the name of a workspace.",
            hint=f"1 to {LONGEST_NAME} printable characters without blanks around them, like 'acme'.",
        )
    if name.startswith("-"):
        raise BadInput(f"'{name}' cannot be the name of a workspace: it looks like an option.", hint="Drop the '-'.")


def record(session: Session, command: str, before: Workspace | None, after: Workspace | None) -> None:
    workspace = after or before
    assert workspace is not None
    changed = ChangedObject("workspace", workspace.id, workspace.name, workspace.id)
    ChangeContext.begin(session, command).record(session.db, changed, serialize(before), serialize(after))


def serialize(workspace: Workspace | None) -> dict[str, Any] | None:
    """A workspace as the record of changes tells it: where its token is found, never the token."""
    if workspace is None:
        return None
    return {
        "name": workspace.name,
        "token": token_sources.describe(workspace.token),
        "paused": workspace.paused_reason,
    }
