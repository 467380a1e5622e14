"""End a pause of all schedules, or restore one that a tick ended too early. Instants are UTC milliseconds."""

from schedbot.model import CancelReason, JobState, ScheduleState
from schedbot.rules.lifecycle import Event, after
from schedbot.store.database import Database
from schedbot.store.jobs import pending
from schedbot.store.schedules import pauses_of_all

# The occurrences of cancelled jobs that are not due yet are not enqueued any more. Their schedules may be finished.
CALLED_OFF = """
  FROM jobs j JOIN schedules s ON s.id = j.schedule_id
 WHERE j.state = 'cancelled' AND j.cancel_reason = 'all_paused' AND j.kind = 'scheduled' AND j.due_at > :now
"""

REACTIVATE = f"""
UPDATE schedules SET state = :active WHERE state = 'finished' AND id IN (SELECT j.schedule_id {CALLED_OFF})
"""

MOVE_BACK = f"""
UPDATE recurrences SET next_due_at = min(coalesce(next_due_at, called_off.due_at), called_off.due_at)
  FROM (SELECT s.recurrence_id, min(j.due_at) AS due_at {CALLED_OFF} AND s.state = 'active' GROUP BY s.recurrence_id)
    AS called_off
 WHERE recurrences.id = called_off.recurrence_id
"""

# Also of finished schedules: after a clock that was ahead they may be active again.
EFFECTIVE = "UPDATE schedules SET effective_at = :at WHERE state IN ('active', 'finished') AND effective_at < :at"

# The end of a restored pause is in the future, and so is what it made of the schedules.
EFFECTIVE_NOW = "UPDATE schedules SET effective_at = :now WHERE effective_at > :now AND state <> 'removed'"

# Due before the end of the pause and deferred to an instant after it.
REQUEUE_DEFERRED = """
UPDATE jobs
   SET state = :enqueued_again, error = NULL, cancel_reason = NULL, workspace_id = s.workspace_id,
       parked = w.paused_at IS NOT NULL
  FROM schedules s JOIN workspaces w ON w.id = s.workspace_id
 WHERE s.id = jobs.schedule_id AND s.state IN ('active', 'finished')
   AND jobs.state = 'cancelled' AND jobs.cancel_reason = 'all_paused' AND jobs.due_at <= :at AND jobs.deferred_to > :at
"""


def settle(db: Database, now: int) -> bool:
    """End the open pause if its end has come, and restore one that ended too early. Returns whether one ended.

    The occurrence at the very end of a pause is enqueued. Inside a transaction.
    """
    if pauses_of_all.restore(db, now):
        make_effective(db, now)
        call_off(db, now)
    pause = pauses_of_all.get_open(db)
    if pause is None or pause.paused_until is None or pause.paused_until > now:
        return False
    resume_after(db, pause.paused_until - 1, pause.paused_until, pauses_of_all.TICK)
    return True


def make_effective(db: Database, now: int) -> None:
    """Let changes of schedules that are dated later be in effect from now on. Inside a transaction."""
    db.execute(EFFECTIVE_NOW, {"now": now})


def call_off(db: Database, now: int) -> int:
    """Cancel the pending jobs of all schedules. Those that are not due yet count as not enqueued."""
    cancelled = pending.cancel_all(db, CancelReason.ALL_PAUSED)
    db.execute(REACTIVATE, {"now": now, "active": ScheduleState.ACTIVE})
    db.execute(MOVE_BACK, {"now": now})
    return cancelled


def resume_after(db: Database, at: int, ended_at: int, by: str) -> int:
    """End the pause; occurrences after `at` are to be enqueued. Returns the number of deferred jobs that come back."""
    pauses_of_all.end(db, ended_at, by)
    db.execute(EFFECTIVE, {"at": at})
    return requeue_deferred(db, at)


def requeue_deferred(db: Database, at: int) -> int:
    """Queue the jobs again that the pause cancelled and a calendar had deferred beyond `at`. Returns their number."""
    return db.execute(REQUEUE_DEFERRED, {"at": at, "enqueued_again": after(JobState.CANCELLED, Event.ENQUEUED_AGAIN)})
