"""Add, edit, pause, resume and remove workspaces, each with its change record in one transaction.

A pause keeps queued jobs back and does not touch jobs in flight. A workspace that schedules use cannot be removed.
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
from schedbot.store.database import Database
from schedbot.store.jobs import called_off as called_off_jobs
from schedbot.store.jobs.called_off import NO_JOBS, CalledOffJobs
from schedbot.store.schedules import workspace_usage, workspaces
from schedbot.store.schedules.parked_jobs import ResumedJobs
from schedbot.store.schedules.workspaces import Workspace

MAX_NAME_LENGTH = 80


@dataclass(frozen=True, slots=True)
class PauseResult:
    """Result of a pause: whether the state changed, and the number of jobs that wait."""

    is_changed: bool
    waiting: int


@dataclass(frozen=True, slots=True)
class ResumeResult:
    """Result of a resume: whether the state changed, and the jobs that are sent, past their grace or called off."""

    is_changed: bool
    jobs: ResumedJobs
    called_off: CalledOffJobs = NO_JOBS  # by a pause of all, while they waited


def add(session: Session, name: str, token: TokenSource) -> str:
    """Add a workspace with its token source. Returns a warning if the token is not available. Raises BadInput."""
    check_name(name)
    warning = token_sources.try_token(token)
    with session.db.writing():
        if workspaces.by_name(session.db, name) is not None:
            raise BadInput(
                f"A workspace named '{name}' exists.",
                hint=f"Change it with 'schedbot workspace edit {shlex.quote(name)}', or choose another name.",
            )
        context = ChangeContext.begin(session, "workspace add")
        workspace = workspaces.add(session.db, name, token, context.now)
        record(session.db, context, None, workspace)
    return warning


def edit(session: Session, name: str, token: TokenSource) -> str:
    """Change the token source of a workspace. Returns a warning as `add` does. Raises NotFound and BadInput."""
    find(session.db, name)
    warning = token_sources.try_token(token)
    with session.db.writing():
        before = find(session.db, name)
        workspaces.edit(session.db, before.id, token)
        record(session.db, ChangeContext.begin(session, "workspace edit"), before, find(session.db, name))
    return warning


def pause(session: Session, name: str, reason: str) -> PauseResult:
    """Stop all posts to a workspace; its jobs wait. Raises NotFound, and BadInput for the reason."""
    with session.db.writing():
        context = ChangeContext.begin(session, "workspace pause")
        before = find(session.db, name)
        reason = parsers.parse_reason(reason) or "paused by hand"
        is_changed = workspaces.pause(session.db, before.id, reason, context.actor, context.now)
        if is_changed:
            record(session.db, context, before, find(session.db, name))
        waiting = workspace_usage.count_queued_jobs(session.db, before.id)
    return PauseResult(is_changed, waiting)


def resume(session: Session, name: str) -> ResumeResult:
    """Resume a workspace and its waiting jobs; those past their grace are settled. Raises NotFound."""
    with session.db.writing():
        context = ChangeContext.begin(session, "workspace resume")
        before = find(session.db, name)
        jobs = workspaces.resume(session.db, before.id, context.now)
        called_off = NO_JOBS
        is_changed = before.paused_at is not None
        if before.paused_at is not None:
            called_off = called_off_jobs.of_workspace(session.db, before.id, before.paused_at)
            record(session.db, context, before, find(session.db, name))
    session.db.wake()
    return ResumeResult(is_changed, jobs, called_off)


def remove(session: Session, name: str) -> None:
    """Remove a workspace that no schedule uses; its jobs and changes stay. Raises NotFound and BadInput."""
    with session.db.writing():
        context = ChangeContext.begin(session, "workspace remove")
        before = find(session.db, name)
        if not workspaces.remove(session.db, before.id, context.now):
            count = workspace_usage.count_schedules(session.db, before.id)
            usage = "1 schedule uses it" if count == 1 else f"{count} schedules use it"
            raise BadInput(
                f"The workspace '{name}' cannot be removed: {usage}.",
                hint=f"Remove them, or edit their --workspace, first. To list them: "
                f"'schedbot list --workspace {shlex.quote(name)}'.",
            )
        record(session.db, context, before, None)


def check_name(name: str) -> None:
    if not name.strip() or name != name.strip() or len(name) > MAX_NAME_LENGTH or not name.isprintable():
        raise BadInput(
            f"{times.quote(name)} cannot be the name of a workspace.",
            hint=f"Use 1 to {MAX_NAME_LENGTH} printable characters without spaces around them, for example 'acme'.",
        )
    if name.startswith("-"):
        raise BadInput(
            f"{times.quote(name)} cannot be the name of a workspace: it looks like an option.",
            hint="Use no '-' at the start.",
        )


def record(db: Database, context: ChangeContext, before: Workspace | None, after: Workspace | None) -> None:
    workspace = after or before
    assert workspace is not None
    changed = ChangedObject("workspace", workspace.id, workspace.name, workspace.id)
    context.record(db, changed, serialize(before), serialize(after))


def serialize(workspace: Workspace | None) -> dict[str, Any] | None:
    """Return the values of a workspace for change records: the token's source, never the token."""
    if workspace is None:
        return None
    return {
        "name": workspace.name,
        "token": token_sources.describe(workspace.token),
        "paused": workspace.paused_reason,
    }
