"""A job that waits, and what its calendar makes of it by now: at its departure, and when the calendar is changed.

Rule: as at the enqueue, only that the present decides, and that a later occurrence which is settled stands for none.
What a person asked for waits for the opening, and is left out for no other. What is left out after an attempt has
failed; `skipped` is what never was tried.
"""

from dataclasses import dataclass, replace

from schedbot.model import JobState, Recurrence
from schedbot.rules.lifecycle import Event, after
from schedbot.rules.misfire import SHORTEST_GRACE_MS
from schedbot.store.database import Database, Row
from schedbot.store.fanout.calendar_rulings import (
    Calendar,
    Ruling,
    closed,
    following,
    is_left_out,
    opening,
    read,
    ruling,
)
from schedbot.store.schedules.recurrences import rule_of
from schedbot.store.schedules.shared_calendars import CALENDAR

SKIPPED = after(JobState.QUEUED, Event.SKIPPED)
FAILED = after(JobState.QUEUED, Event.SHUT_OUT)

KEPT = f"""
SELECT jobs.id, jobs.schedule_id, jobs.workspace_id, jobs.due_at, jobs.deferred_to, jobs.deferred_by, jobs.asked_for,
       jobs.attempts, v.until_at,
       CASE WHEN jobs.asked_for THEN max(v.grace_ms, {SHORTEST_GRACE_MS}) ELSE v.grace_ms END,
       r.kind, r.expression, r.tz, r.holidays_before, {CALENDAR}
  FROM schedules s
  JOIN schedule_versions v ON v.schedule_id = s.id AND v.version = s.version
  JOIN recurrences r ON r.id = s.recurrence_id
  JOIN jobs ON jobs.schedule_id = s.id
"""

WAITING_BY_THEN = """
SELECT due_at FROM jobs
 WHERE schedule_id = :schedule_id AND due_at > :due_at AND due_at <= :by AND due_at % 1000 = 0
   AND state IN ('queued', 'running', 'unknown')
"""

LEAVE_OUT = """
UPDATE jobs
   SET state = :state, token = NULL, lease_until = NULL, error = :error,
       deferred_to = CASE WHEN attempts > 0 THEN deferred_to END,
       deferred_by = CASE WHEN attempts > 0 THEN deferred_by END
 WHERE id = :id
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """A job that has not left, as KEPT reads it. `asked_for`: a person sent it again, or backfilled it."""

    id: int
    schedule_id: str
    workspace_id: str
    due_at: int
    deferred_to: int | None
    deferred_by: str | None
    asked_for: bool
    attempts: int
    until_at: int | None
    grace_ms: int
    rule: Recurrence
    calendar: Calendar


def kept(row: Row) -> Kept:
    """The job of one row of KEPT."""
    *said, kind, expression, tz, before, key = row
    told = [*said, rule_of(kind, expression, tz, before), read(key)]
    return Kept(*told)


def ruled(db: Database, job: Kept, now: int) -> Ruling | None:
    """What becomes of it, if it is to be posted at `now` or when it is due; None: it goes. No `at`: it is left out."""
    at = max(job.due_at, now)
    if job.asked_for:
        shut = closed(job.calendar, job.rule.tz, at)
        return None if shut is None else Ruling(shut.reason, opening(job.calendar, job.rule.tz, at))
    found = ruling(job.calendar, job.rule, job.due_at, at)
    if found is None or found.at is None:
        return found
    if found.leaves_out(job.until_at) and another_stands_for(db, job, found.at, at):
        return Ruling(found.error)
    return replace(found, following=None)


def another_stands_for(db: Database, job: Kept, opens: int, now: int) -> bool:
    """Is a later occurrence, due up to the opening, still to be posted?"""
    by = opens if job.until_at is None else min(opens, job.until_at)
    if following(job.calendar, job.rule, now, by):
        return True
    told = {"schedule_id": job.schedule_id, "due_at": job.due_at, "by": by}
    return any(not is_left_out(job.calendar, job.rule, one) for (one,) in db.rows(WAITING_BY_THEN, told))


def leave_out(db: Database, job: Kept, error: str) -> JobState:
    """It is not posted, for the reason `error`; returns its state. Inside a transaction."""
    state = FAILED if job.attempts else SKIPPED
    db.execute(LEAVE_OUT, {"id": job.id, "state": state, "error": error})
    return state
