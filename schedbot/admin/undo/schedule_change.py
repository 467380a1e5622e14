"""Undo the change of a schedule: an add, an edit, a pause, a resume, a removal or a skip.

The schedule goes on from now on with its old values: no occurrence in the past is posted for it.
"""

import shlex
from dataclasses import replace

from schedbot import times
from schedbot.admin.fields import report_fields
from schedbot.admin.fields.schedule_fields import COLUMNS, NO_ZONES, ScheduleFields, slack_user
from schedbot.admin.import_export.exporter import to_cell
from schedbot.admin.schedules import pause, remove
from schedbot.admin.schedules.edit import ScheduleEdit
from schedbot.admin.schedules.occurrences import has_occurrence_after
from schedbot.admin.schedules.serialize import changed_schedule, record_change, recorded
from schedbot.admin.schedules.writer import ScheduleWriter
from schedbot.admin.undo.request import UndoRequest
from schedbot.admin.workspaces import user_zones
from schedbot.model import Schedule, ScheduleState
from schedbot.reports import definitions
from schedbot.store.fanout import enqueue_due
from schedbot.store.history import changes, sent_posts
from schedbot.store.jobs import calendar_deferral, pending
from schedbot.store.schedules import schedules, undo_removal, workspaces

ACTIVE, PAUSED, SUSPENDED, FINISHED, REMOVED = (
    ScheduleState.ACTIVE,
    ScheduleState.PAUSED,
    ScheduleState.SUSPENDED,
    ScheduleState.FINISHED,
    ScheduleState.REMOVED,
)
UNDOABLE = {*COLUMNS, "state", "reason", "paused_until", "zone"}
TICK_HINT = "It follows from the time zone data, and the next tick computes it anew."


def undo(request: UndoRequest) -> None:
    """Take the change back. Raises BadInput where that cannot be, and then nothing is changed."""
    schedule = schedules.by_id(request.db, request.record.change.object_id)
    if "skipped" in request.after:
        undo_skip(request, schedule)
    elif request.after.get("state") == REMOVED:
        undo_remove(request, schedule)
    elif request.record.change.before is None:
        undo_add(request, schedule)
    else:
        undo_edit(request, schedule)


def undo_add(request: UndoRequest, schedule: Schedule) -> None:
    """Remove the schedule that the change added."""
    refuse_removed(request, schedule)
    refuse_sent(request, schedule, 1)
    with request.db.writing():
        remove.remove_one(request.db, schedule.id, request.context)


def refuse_removed(request: UndoRequest, schedule: Schedule) -> None:
    if schedule.state is REMOVED:
        later = changes.find_last_with(request.db, request.record, "state", REMOVED)
        hint = f"First 'schedbot undo {later}'." if later else "Add the schedule again."
        request.refuse(f"'{schedule.name}' is removed", hint)


def refuse_sent(request: UndoRequest, schedule: Schedule, version: int) -> None:
    """Raise BadInput if a post has been sent since by the version that the change wrote, or a later one."""
    since = request.record.change.changed_at
    if count := sent_posts.count_since(request.db, schedule.id, version, since):
        posts = "1 post has" if count == 1 else f"{count:,} posts have"
        hint = f"Change it from now on with 'schedbot edit', 'pause' or 'remove' {shlex.quote(schedule.name)}."
        request.refuse(f"{posts} been sent by it since", hint)


def undo_remove(request: UndoRequest, schedule: Schedule) -> None:
    """Bring a removed schedule back in the state that it had. Occurrences since are not posted."""
    if schedule.state is not REMOVED:
        request.refuse(f"'{schedule.name}' is not removed any more", "There is nothing to do.")
    now = request.context.now
    with request.db.writing():
        if schedules.is_name_taken(request.db, schedule.name):
            hint = f"First rename the other: 'schedbot edit {shlex.quote(schedule.name)} --name NEW'."
            request.refuse(f"another schedule is named '{schedule.name}'", hint)
        if workspaces.by_name(request.db, schedule.workspace) is None:
            request.refuse(f"its workspace '{schedule.workspace}' is removed", "Add the schedule again in another one.")
        state = ScheduleState(request.before["state"])
        if state in (ACTIVE, FINISHED):
            state = ACTIVE if has_occurrence_after(schedule, now) else FINISHED
        after = replace(old_state(request, schedule, state), effective_at=now)
        undo_removal.undo_removal(request.db, after, now)
        record_change(request.db, request.context, schedule, after)
        ScheduleWriter(request.db, request.context).enqueue(after)


def old_state(request: UndoRequest, schedule: Schedule, state: ScheduleState) -> Schedule:
    """Return the schedule with the state that the change ended."""
    until = request.find_pause_end("schedbot pause") if state is PAUSED else None
    by = request.context.actor if state in (PAUSED, SUSPENDED) else None
    return replace(schedule, state=state, reason=request.before.get("reason"), state_by=by, state_until=until)


def undo_skip(request: UndoRequest, schedule: Schedule) -> None:
    """Let a skipped occurrence that is still to come be posted."""
    due_at, now = int(request.after["due_at"]), request.context.now
    if due_at <= now:
        shown = times.format_instant(due_at, times.zone(schedule.recurrence.tz), now)
        request.refuse(f"the occurrence was due {shown}", "To post it after all, use 'schedbot backfill'.")
    if schedule.state not in (ACTIVE, FINISHED):
        hint = f"First 'schedbot resume {shlex.quote(schedule.name)}'."
        request.refuse(f"'{schedule.name}' is {schedule.state.value}", hint)
    with request.db.writing():
        if not pending.unskip(request.db, schedule, due_at):
            request.refuse("the occurrence is not skipped any more", f"See 'schedbot next {schedule.name}'.")
        calendar_deferral.reevaluate_schedule(request.db, schedule.id, now)
        values = ({"due_at": due_at, "skipped": skipped} for skipped in (True, False))
        request.context.record(request.db, changed_schedule(schedule), *values)


def undo_edit(request: UndoRequest, schedule: Schedule) -> None:
    """Give the values that the change altered, and its state, their old values again."""
    altered = request.altered
    if not altered:
        request.refuse("it altered nothing", "There is nothing to do.")
    if other := [name for name in altered if name not in UNDOABLE]:
        if "zone_data" in other:
            request.refuse("a tick made it", TICK_HINT)
        request.refuse(f"{other[0]} cannot be taken back", "Jobs that are still queued are called off by a pause.")
    refuse_removed(request, schedule)
    request.refuse_altered_since(recorded(schedule), altered)
    was_active = request.before.get("state") in (ACTIVE, FINISHED)
    stays = "state" not in altered
    if stays or not was_active:
        refuse_sent(request, schedule, int(request.after.get("version", schedule.version)))
    columns = [name for name in altered if name in COLUMNS and name != "paused"]
    fields = {name: to_cell(request.before.get(name)) for name in columns}
    write(request, schedule, fields)


def write(request: UndoRequest, schedule: Schedule, fields: dict[str, str]) -> None:
    """Write the old fields and the old state in one transaction."""
    session, context = request.session, request.context
    user = slack_user(fields, ScheduleFields.of(schedule)) if fields else None
    zones = user_zones.ask(session, [user]) if user else NO_ZONES
    change = ScheduleEdit(
        session, context, fields, None, zones, definitions.load(session.settings), report_fields.try_report
    )
    if fields:
        change.parse(schedule)  # tries the report, while nobody waits for the database
    with session.db.writing():
        before = schedules.by_id(session.db, schedule.id)
        if before != schedule:
            request.refuse("somebody else changed the schedule at the same time", "Look at it, then try again.")
        writer = ScheduleWriter(session.db, context)
        after = writer.update(before, change.parse(before)).after if fields else before
        undo_state(request, after)
        writer.enqueue(schedules.by_id(session.db, schedule.id))


def undo_state(request: UndoRequest, schedule: Schedule) -> None:
    """Pause or resume the schedule, if the change did the opposite."""
    old = ScheduleState(request.before.get("state", schedule.state))
    if old is SUSPENDED:
        hint = f"To stop it, use 'schedbot pause {shlex.quote(schedule.name)}'."
        request.refuse("it resumed a suspended schedule", hint)
    if schedule.state is SUSPENDED:
        hint = f"Fix the cause, then run 'schedbot resume {shlex.quote(schedule.name)}'."
        request.refuse(f"the channel refused posts ({schedule.reason})", hint)
    if old is PAUSED and {"state", "reason", "paused_until"} & set(request.altered):
        enqueue_due.catch_up(request.db, schedules.recurrence_id(request.db, schedule.id), request.context.now)
        after = old_state(request, schedule, PAUSED)
        pause.write_pause(request.db, schedule, after, request.context)
    elif schedule.state is PAUSED and old in (ACTIVE, FINISHED):
        pause.resume_one(request.db, schedule, request.context)
