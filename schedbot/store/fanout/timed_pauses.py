"""End pauses that have an end: `pause --until`."""

from dataclasses import replace

from schedbot.model import Schedule, ScheduleState
from schedbot.store.database import Database
from schedbot.store.fanout import enqueue_due
from schedbot.store.jobs import pending
from schedbot.store.schedules import recurrences, schedules

ENDING = "SELECT id FROM schedules WHERE state = 'paused' AND state_until <= :horizon ORDER BY state_until, id"

HAS_ENDING = "SELECT EXISTS (SELECT 1 FROM schedules WHERE state_until IS NOT NULL AND state_until <= :horizon)"

# For a clock that was ahead: the pause is restored if it has not ended yet. A change by a person clears it.
KEEP_ENDED = """
UPDATE schedules SET ended_pause = json_object('until', :until, 'reason', :reason, 'by', :by) WHERE id = :id
"""


def has_ending(db: Database, horizon: int) -> bool:
    """Does a pause end up to `horizon`?"""
    return db.is_true(HAS_ENDING, {"horizon": horizon})


def end_pauses(db: Database, now: int, horizon: int) -> list[str]:
    """End the pauses with an end up to `horizon`. Returns the ids of their schedules. Inside a transaction."""
    ids = db.texts(ENDING, {"horizon": horizon})
    for schedule_id in ids:
        end_pause(db, schedules.by_id(db, schedule_id), now)
    return ids


def end_pause(db: Database, paused: Schedule, now: int) -> None:
    """Resume the schedule at the end of its pause. The occurrence at that very instant is enqueued."""
    effective_at = (paused.state_until or 0) - 1
    active = replace(paused, state=ScheduleState.ACTIVE, reason=None, state_by=None, state_until=None)
    schedules.update_state(db, replace(active, effective_at=effective_at), now)
    ended = {"until": paused.state_until, "reason": paused.reason, "by": paused.state_by}
    db.execute(KEEP_ENDED, {**ended, "id": paused.id})
    recurrence_id = schedules.recurrence_id(db, paused.id)
    pending.requeue_deferred(db, paused, effective_at)
    if effective_at < now:
        recurrences.wake(db, recurrence_id, effective_at)  # it ended while no tick ran: the misfire policy decides
    else:
        enqueue_due.enqueue_upcoming(db, paused.id, recurrence_id, effective_at)
