"""Undo the change of a workspace, of a shared calendar, of a pause of all, of an extra job or an acknowledgement."""

import shlex

from schedbot.admin.change_context import ChangedObject
from schedbot.admin.fields.parsers import Fields
from schedbot.admin.schedules import pause_all, shared_calendars
from schedbot.admin.undo.request import UndoRequest
from schedbot.admin.workspaces import manage
from schedbot.model import JobState
from schedbot.store.fanout import pause_all as pause_rows
from schedbot.store.fanout import pause_all_end
from schedbot.store.history import jobs, sent_posts
from schedbot.store.jobs import acknowledgement, pending
from schedbot.store.schedules import pauses_of_all, schedules, workspaces
from schedbot.store.schedules import shared_calendars as calendar_rows
from schedbot.store.schedules.shared_calendars import CalendarOwner
from schedbot.store.schedules.workspaces import Workspace


def undo_workspace(request: UndoRequest) -> None:
    """Undo an add, a pause or a resume of a workspace."""
    change, db = request.record.change, request.db
    with db.writing():
        workspace = workspaces.by_id(db, change.object_id)
        present = workspaces.by_name(db, workspace.name)
        if present is None or present.id != workspace.id:
            request.refuse(f"the workspace '{workspace.name}' is removed", "Use 'schedbot workspace add'.")
        if change.before is None:
            undo_workspace_add(request, workspace)
        elif "token" in request.altered:
            hint = f"Use 'schedbot workspace edit {shlex.quote(workspace.name)}' with the old source."
            request.refuse("the record has only a part of the token source", hint)
        elif {"paused", "paused_reason"} & set(request.altered):
            undo_workspace_pause(request, workspace)
        else:
            request.refuse("it altered nothing", "There is nothing to do.")


def undo_workspace_add(request: UndoRequest, workspace: Workspace) -> None:
    if not workspaces.remove(request.db, workspace.id, request.context.now):
        hint = f"To list them: 'schedbot list --workspace {shlex.quote(workspace.name)}'."
        request.refuse("schedules use the workspace", hint)
    manage.record(request.db, request.context, workspace, None)


def undo_workspace_pause(request: UndoRequest, workspace: Workspace) -> None:
    """Resume the workspace that the change paused, or pause the one that it resumed."""
    db, context = request.db, request.context
    was_paused = request.before.get("paused") or request.before.get("paused_reason")
    is_paused = request.after.get("paused") or request.after.get("paused_reason")
    if (workspace.paused_reason or None) != (is_paused or None):
        request.refuse(
            "the workspace was paused or resumed since", f"See 'schedbot log {shlex.quote(workspace.name)}'."
        )
    if was_paused:
        if count := sent_posts.count_in_workspace(db, workspace.id, request.record.change.changed_at):
            request.refuse(f"{count:,} posts have been sent since", "Use 'schedbot workspace pause'.")
        workspaces.pause(db, workspace.id, str(was_paused), context.actor, context.now)
    else:
        workspaces.resume(db, workspace.id, context.now)
    manage.record(db, context, workspace, workspaces.by_id(db, workspace.id))


def undo_calendar(request: UndoRequest) -> None:
    """Give an account or workspace the send hours that it had."""
    db, change = request.db, request.record.change
    kind, _, key = change.object_id.partition(":")
    name = change.name.partition(" ")[2]
    owner = CalendarOwner(name, account=key) if kind == "account" else CalendarOwner(name, workspace_id=key)
    with db.writing():
        present = calendar_rows.find(db, owner)
        if shared_calendars.serialize(present) != change.after:
            request.refuse("the calendar was changed since", f"See 'schedbot log {shlex.quote(change.name)}'.")
        fields: Fields = {name: str(value) for name, value in request.before.items()}
        old = shared_calendars.parse_owned_hours(owner, fields) if change.before else None
        shared_calendars.write(db, request.context, owner, present, old)


def undo_pause_of_all(request: UndoRequest) -> None:
    """Resume all schedules, or pause them again."""
    db, context = request.db, request.context
    if request.record.change.object_id != pause_all.ALL.id:
        if request.record.change.command == "restore":
            request.refuse("it records a restore", "The database before it has '.before-' in its name.")
        request.refuse("a tick made it", "The record of a clock that was set back stays.")
    with db.writing():
        pause_all_end.settle(db, context.now)
        present = pauses_of_all.get_open(db)
        request.refuse_altered_since(pause_all.serialize(present), request.altered)
        if request.before.get("state") == "active":
            pause_rows.end(db, context.actor, context.now)
        else:
            until = request.find_pause_end("schedbot pause --all")
            if sent_posts.count_all(db, request.record.change.changed_at):
                request.refuse("posts have been sent since", "Use 'schedbot pause --all'.")
            pause_rows.begin(db, str(request.before.get("reason")), context.actor, until, context.now)
        after = pauses_of_all.get_open(db)
        context.record(db, pause_all.ALL, pause_all.serialize(present), pause_all.serialize(after))


def undo_job(request: UndoRequest) -> None:
    """Skip an extra job that was not sent, or take an acknowledgement back."""
    if "acknowledged" in request.after:
        undo_acknowledgement(request)
        return
    change, db = request.record.change, request.db
    with db.writing():
        job = jobs.by_number(db, int(change.object_id))
        if job is None:
            request.refuse(f"job {change.object_id} is deleted", "There is nothing to do.")
        schedule = schedules.by_id(db, job.schedule_id)
        if job.state not in (JobState.QUEUED, JobState.RUNNING) or not pending.skip(db, schedule, job.due_at):
            request.refuse(f"job {job.job} is {job.state.value}", f"See 'schedbot audit {job.job}'.")
        values = ({"job": job.job, "state": state.value} for state in (job.state, JobState.SKIPPED))
        request.context.record(
            db, ChangedObject("job", change.object_id, schedule.name, schedule.workspace_id), *values
        )


def undo_acknowledgement(request: UndoRequest) -> None:
    """Let a failure count in `health` again."""
    change, db = request.record.change, request.db
    with db.writing():
        if not acknowledgement.take_back(db, change.kind, int(change.object_id)):
            request.refuse("nothing is acknowledged any more", f"See 'schedbot log {shlex.quote(change.name)}'.")
        changed = ChangedObject(change.kind, change.object_id, change.name, change.workspace_id)
        request.context.record(db, changed, change.after, change.before)
