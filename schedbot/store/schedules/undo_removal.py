"""Bring a removed schedule back."""

from schedbot.model import Schedule
from schedbot.store.database import Database
from schedbot.store.schedules.schedules import state_row

RESTORE = """
UPDATE schedules
   SET state = :state, reason = :reason, state_by = :state_by, state_until = :state_until,
       paused_at = CASE WHEN :state = 'paused' THEN :now END, ended_pause = NULL, effective_at = :effective_at
 WHERE id = :id AND state = 'removed'
"""


def undo_removal(db: Database, schedule: Schedule, now: int) -> bool:
    """Write the state of a removed schedule. Returns False if it is not removed any more. Inside a transaction."""
    return db.execute(RESTORE, state_row(schedule, now)) == 1
