"""Pauses of schedules that have an end: `pause --until`.

A schedule is paused until a tick at or after the end. What is due soon after the end is enqueued before it.
Instants are UTC milliseconds.
"""

from dataclasses import replace

from schedbot.model import CancelReason, Schedule, ScheduleState
from schedbot.rules import recurrence as rules
from schedbot.store.database import Database
from schedbot.store.fanout.insert_jobs import Batch, Counts, enqueue
from schedbot.store.jobs import pending
from schedbot.store.schedules import pauses_of_all, recurrences, schedules

ENDING = """
SELECT id FROM schedules WHERE state = 'paused' AND state_until > :after AND state_until <= :horizon
 ORDER BY state_until, id
"""

# For a clock that was ahead: the pause is restored if it has not ended yet. A pause or resume by a person clears it.
KEEP_ENDED = """
UPDATE schedules SET ended_pause = json_object('until', :until, 'reason', :reason, 'by', :by) WHERE id = :id
"""

FORGET_ENDED = "UPDATE schedules SET ended_pause = NULL WHERE id = :id AND ended_pause IS NOT NULL"

RESTORE = """
UPDATE schedules
   SET state = :paused, paused_at = :now, state_until = ended_pause ->> 'until', reason = ended_pause ->> 'reason',
       state_by = ended_pause ->> 'by', ended_pause = NULL
 WHERE state IN ('active', 'finished') AND ended_pause ->> 'until' > :now AND (:id IS NULL OR id = :id)
RETURNING id
"""


def end_pauses(db: Database, now: int) -> list[str]:
    """End the pauses whose end has come. Returns the ids of their schedules. Inside a transaction."""
    ids = db.texts(ENDING, {"after": -1, "horizon": now})
    for schedule_id in ids:
        end_pause(db, schedules.by_id(db, schedule_id), now)
    return ids


def end_pause(db: Database, paused: Schedule, now: int) -> None:
    """Resume the schedule at the end of its pause: its occurrences from that very instant on are to be enqueued.

    If all schedules were paused then, it resumes at the end of that pause.
    """
    effective_at = pauses_of_all.get_end_of_pauses(db, paused.state_until or 0)
    active = replace(paused, state=ScheduleState.ACTIVE, reason=None, state_by=None, state_until=None)
    schedules.update_state(db, replace(active, effective_at=effective_at), now)
    ended = {"until": paused.state_until, "reason": paused.reason, "by": paused.state_by}
    db.execute(KEEP_ENDED, {**ended, "id": paused.id})
    pending.requeue_deferred(db, paused, effective_at)
    recurrences.move_back(db, schedules.recurrence_id(db, paused.id), effective_at)


def enqueue_ahead(db: Database, now: int, posts_from: int, horizon: int, counts: Counts) -> None:
    """Enqueue the occurrences up to `horizon` of schedules whose pauses end by then, and those deferred beyond the end.

    Before `posts_from`, the end of a pause of all, nothing is enqueued. Inside a transaction.
    """
    for schedule_id in db.texts(ENDING, {"after": now, "horizon": horizon}):
        paused = schedules.by_id(db, schedule_id)
        after = max(paused.state_until or 0, posts_from) - 1
        pending.requeue_deferred(db, paused, after)
        recurrence = recurrences.by_id(db, schedules.recurrence_id(db, schedule_id))
        due = list(rules.between(recurrence.rule, after, horizon))
        enqueue(db, recurrence, due, now, Batch(schedule_id=schedule_id, is_paused=True), counts)


def restore(db: Database, now: int, schedule_id: str | None = None) -> None:
    """Restore the pauses, or that of one schedule, that a tick ended before their time. Inside a transaction."""
    bindings = {"now": now, "paused": ScheduleState.PAUSED, "id": schedule_id}
    for restored in db.texts(RESTORE, bindings):
        pending.cancel(db, restored, CancelReason.SCHEDULE_PAUSED)


def forget_ended(db: Database, schedule_id: str) -> bool:
    """Let the ended pause of a schedule not be restored any more: a person resumed it. False: there was none.

    Inside a transaction.
    """
    return db.execute(FORGET_ENDED, {"id": schedule_id}) == 1
