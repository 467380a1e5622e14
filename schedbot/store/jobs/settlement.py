"""Settle a job after an attempt or a look-up, and pause the workspace or suspend the schedule that the result affects.

A job that is queued again follows its schedule and workspace as they are now. It is cancelled if its schedule was
paused, suspended or removed meanwhile, or all schedules were paused; only an extra job that was requested during the
pause of its schedule goes on. If its workspace was paused, it waits; if its schedule moved to another workspace, the
next attempt goes there. A message of which a part is posted is ended, whatever becomes of its schedule.
"""

from dataclasses import dataclass

from schedbot.model import CancelReason, JobState, ScheduleState
from schedbot.rules.lifecycle import Event, after
from schedbot.store.database import Database
from schedbot.store.history import changes
from schedbot.store.history.changes import Change
from schedbot.store.jobs import message_parts, pending, threads
from schedbot.store.schedules import pauses_of_all, schedules, workspaces

ACTOR, COMMAND = "schedbot work", "work"

# Reason that forbids to queue the job again: the state of its schedule, or a pause of all schedules; else null.
FORBIDDEN_BY = f"""(SELECT CASE WHEN s.state IN ('suspended', 'removed')
                     OR s.state = 'paused' AND (jobs.kind <> 'extra' OR s.paused_at >= jobs.due_at)
                        AND (s.state_until IS NULL OR s.state_until > coalesce(jobs.deferred_to, jobs.due_at))
                     THEN 'schedule_' || s.state
                     WHEN {pauses_of_all.stops("jobs")} THEN 'all_paused' END
               FROM schedules s
              WHERE s.id = jobs.schedule_id AND :state = 'queued' AND jobs.parts_posted + :posted = 0)"""

# Workspace that the next attempt goes to: that of its schedule, or of the parts that are posted.
WORKSPACE = """(CASE WHEN :state = 'queued' AND jobs.parts_posted + :posted = 0
                     THEN (SELECT s.workspace_id FROM schedules s WHERE s.id = jobs.schedule_id)
                     ELSE jobs.workspace_id END)"""

# `ts` and lateness are those of the first part.
FIRST_PART = """
       ts = CASE WHEN parts_posted = 0 THEN :ts ELSE ts END,
       lateness_ms = CASE WHEN parts_posted = 0 THEN :lateness_ms ELSE lateness_ms END
"""

RESULT = f"""
       available_at = :available_at, error = :error, parts_posted = parts_posted + :posted,
       {FIRST_PART}
"""

# Assignments of a statement that binds :state, :cancelled, :posted (1 or 0 parts) and the new values.
SETTLED = f"""
       state = CASE WHEN {FORBIDDEN_BY} IS NULL THEN :state ELSE :cancelled END,
       cancel_reason = {FORBIDDEN_BY},
       workspace_id = {WORKSPACE},
       parked = (:state = 'queued'
                 AND EXISTS (SELECT 1 FROM workspaces w WHERE w.id = {WORKSPACE} AND w.paused_at IS NOT NULL)),
       {RESULT}
"""

MARK_POSTED = f"""
UPDATE jobs
   SET state = :after, error = NULL, available_at = max(available_at, :now), parts_posted = parts_posted + 1,
       {FIRST_PART},
       parked = (:is_queued AND EXISTS (SELECT 1 FROM workspaces w
                                         WHERE w.id = jobs.workspace_id AND w.paused_at IS NOT NULL))
 WHERE id = :job AND state = :before
"""

SUSPEND = """
UPDATE schedules SET state = :suspended, reason = :reason, state_by = :actor, state_until = NULL, paused_at = NULL
 WHERE id = :id AND state IN ('active', 'paused', 'finished')
   AND :channel = (SELECT v.channel FROM schedule_versions v
                    WHERE v.schedule_id = schedules.id AND v.version = schedules.version)
"""


def pause_workspace(db: Database, workspace_id: str, reason: str, now: int, resumes: int) -> None:
    """Pause the workspace because its token was refused or cannot be found. Inside a transaction.

    `resumes` is the number of its resumes when the job was claimed: if somebody resumed it since, it stays on.
    (A count, because a clock that is set puts instants out of order.) The grace of its jobs stands still.
    """
    workspace = workspaces.by_id(db, workspace_id)
    if workspace.resumes == resumes and workspaces.pause(db, workspace_id, reason, ACTOR, now, stops_grace=True):
        change = Change(
            changed_at=now,
            actor=ACTOR,
            command=COMMAND,
            kind="workspace",
            object_id=workspace_id,
            name=workspace.name,
            workspace_id=workspace_id,
            before={"paused_reason": None},
            after={"paused_reason": reason},
        )
        changes.record(db, change)


def suspend_schedule(db: Database, schedule_id: str, channel: str, reason: str, now: int) -> None:
    """Suspend the schedule because its channel refuses posts, and cancel its pending jobs. Inside a transaction.

    Nothing happens if the schedule has another channel by now.
    """
    schedule = schedules.by_id(db, schedule_id)
    suspended = ScheduleState.SUSPENDED
    bindings = {"id": schedule_id, "channel": channel, "reason": reason, "actor": ACTOR, "suspended": suspended}
    if db.execute(SUSPEND, bindings) != 1:
        return
    pending.cancel(db, schedule_id, CancelReason.SCHEDULE_SUSPENDED)  # they would meet the same refusal
    change = Change(
        changed_at=now,
        actor=ACTOR,
        command=COMMAND,
        kind="schedule",
        object_id=schedule_id,
        name=schedule.name,
        workspace_id=schedule.workspace_id,
        before={"state": schedule.state.value},
        after={"state": suspended.value, "reason": reason},
    )
    changes.record(db, change)


@dataclass(frozen=True, slots=True)
class MarkedPart:
    """A part of a job's message that a person found in Slack. `is_last`: no part follows it."""

    job: int
    schedule_id: str
    before: JobState
    part: int
    is_last: bool
    ts: str
    lateness_ms: int


def mark_posted(db: Database, marked: MarkedPart, now: int) -> JobState:
    """Mark a part as posted: the job succeeds, or its next part follows. Return its state. Inside a transaction."""
    state = after(marked.before, Event.MARKED_POSTED if marked.is_last else Event.PART_POSTED)
    bindings = {
        "job": marked.job,
        "before": marked.before,
        "after": state,
        "ts": marked.ts,
        "lateness_ms": marked.lateness_ms,
        "now": now,
        "is_queued": not marked.is_last,
    }
    db.execute(MARK_POSTED, bindings)
    message_parts.end_part(db, marked.job, marked.part, marked.ts, now)
    if marked.part == 1:
        threads.open_by(db, marked.schedule_id, marked.job, marked.ts)
    return state
