"""Pause and resume all schedules at once, without a change to the state of each.

The same rule as for the pause of one schedule: pending jobs are cancelled, and occurrences that are due during the
pause are not enqueued. Meanwhile a tick only moves the recurrences on. Instants are UTC milliseconds.
"""

from schedbot.model import CancelReason, JobState, ScheduleState
from schedbot.rules.lifecycle import Event, after
from schedbot.store.database import Database
from schedbot.store.fanout import enqueue_due
from schedbot.store.fanout.insert_jobs import LOOK_AHEAD_MS, Counts
from schedbot.store.jobs import pending
from schedbot.store.schedules import pauses_of_all, recurrences

TICK = "schedbot tick"
SLICE = 50  # recurrences in one read

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

EFFECTIVE = "UPDATE schedules SET effective_at = :at WHERE state = 'active' AND effective_at < :at"

# Due before the end of the pause and deferred to an instant after it.
REQUEUE_DEFERRED = """
UPDATE jobs
   SET state = :enqueued_again, error = NULL, cancel_reason = NULL, workspace_id = s.workspace_id,
       parked = w.paused_at IS NOT NULL
  FROM schedules s JOIN workspaces w ON w.id = s.workspace_id
 WHERE s.id = jobs.schedule_id AND s.state IN ('active', 'finished')
   AND jobs.state = 'cancelled' AND jobs.cancel_reason = 'all_paused' AND jobs.due_at <= :at AND jobs.deferred_to > :at
"""


def begin(db: Database, reason: str, by: str, until: int | None, now: int) -> int:
    """Pause all schedules. Returns the number of jobs that were cancelled. Inside a transaction."""
    advance_all(db, now, now)
    pauses_of_all.write(db, reason, by, until, now)
    return call_off(db, now)


def call_off(db: Database, now: int) -> int:
    """Cancel the pending jobs of all schedules. Those that are not due yet count as not enqueued."""
    cancelled = pending.cancel_all(db, CancelReason.ALL_PAUSED)
    db.execute(REACTIVATE, {"now": now, "active": ScheduleState.ACTIVE})
    db.execute(MOVE_BACK, {"now": now})
    return cancelled


def end(db: Database, by: str, now: int) -> int:
    """Resume all schedules from now on. Returns the number of jobs that were enqueued. Inside a transaction."""
    advance_all(db, now, now)  # past what is due up to now, which stays without a post
    return resume_after(db, now, now, by) + advance_all(db, now, now + LOOK_AHEAD_MS).enqueued


def end_timed(db: Database, horizon: int) -> bool:
    """End a timed pause whose end is up to `horizon`. The occurrence at that very instant is enqueued."""
    pause = pauses_of_all.get_present(db)
    if pause is None or pause.paused_until is None or pause.paused_until > horizon:
        return False
    resume_after(db, pause.paused_until - 1, pause.paused_until, TICK)
    return True


def resume_after(db: Database, at: int, ended_at: int, by: str) -> int:
    """End the pause; occurrences after `at` are to be enqueued. Returns the number of deferred jobs that come back."""
    pauses_of_all.end(db, ended_at, by)
    db.execute(EFFECTIVE, {"at": at})
    bindings = {"at": at, "enqueued_again": after(JobState.CANCELLED, Event.ENQUEUED_AGAIN)}
    return db.execute(REQUEUE_DEFERRED, bindings)


def restore_ended(db: Database, now: int) -> None:
    """Restore a timed pause that a tick ended while the clock was ahead. Inside a transaction."""
    if pauses_of_all.restore_ended(db, TICK, now):
        call_off(db, now)


def advance_all(db: Database, now: int, horizon: int) -> Counts:
    """Advance all recurrences that are due up to `horizon`."""
    counts = Counts()
    while due := recurrences.list_due(db, horizon, SLICE):
        for recurrence in due:
            enqueue_due.advance(db, recurrence, now, horizon, counts)
    return counts
