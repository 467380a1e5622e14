"""A job that is about to leave while its calendar is closed: put back to the opening, or left out, with the reason.

Rule: as at the enqueue, only that the present decides; the deadline moves with it. What a person has sent again is not
left out while there is an opening. Ruled on in the transaction that writes it, by the calendar as it then stands, and
under the claim's token.
"""

from dataclasses import dataclass, replace

from schedbot.lifecycle import Event, after
from schedbot.model import JobState
from schedbot.store.calendars import CALENDAR
from schedbot.store.database import Database
from schedbot.store.recurrences import rule_of
from schedbot.store.rulings import Ruling, closed, following, opening, read, ruling

GIVEN_BACK = after(JobState.RUNNING, Event.GIVEN_BACK)
SKIPPED = after(JobState.RUNNING, Event.SKIPPED)

HELD = f"""
SELECT j.schedule_id,
       j.deadline_at > coalesce(j.deferred_to, j.due_at) + v.grace_ms + v.jitter_ms
       OR EXISTS (SELECT 1 FROM changes c
                   WHERE c.kind = 'job' AND c.object_id = CAST(j.id AS TEXT) AND c.command = 'retry'),
       j.due_at, v.until_at, v.grace_ms, r.kind, r.expression, r.tz, r.holidays_before, {CALENDAR}
  FROM jobs j
  JOIN schedules s ON s.id = j.schedule_id
  JOIN schedule_versions v ON v.schedule_id = s.id AND v.version = s.version
  JOIN recurrences r ON r.id = s.recurrence_id
 WHERE j.id = :id AND j.token = :token AND j.state = 'running'
"""

# A later occurrence that is settled stands for none: this one was sent again after it.
WAITS_BY_THEN = """
SELECT EXISTS (SELECT 1 FROM jobs
                WHERE schedule_id = :schedule_id AND due_at > :due_at AND due_at <= :by AND due_at % 1000 = 0
                  AND state IN ('queued', 'running', 'unknown'))
"""

PUT_BACK = """
UPDATE jobs
   SET state = :state, token = NULL, lease_until = NULL, available_at = :at, deferred_to = :at, deferred_by = :reason,
       deadline_at = max(deadline_at, :at + :grace_ms)
 WHERE id = :id
"""

GIVE_BACK = "UPDATE jobs SET state = :state, token = NULL, lease_until = NULL WHERE id = :id"

LEAVE_OUT = """
UPDATE jobs
   SET state = :state, token = NULL, lease_until = NULL, error = :reason, deferred_to = NULL, deferred_by = NULL
 WHERE id = :id
"""


@dataclass(frozen=True, slots=True)
class ShutOut:
    """What became of a job, and why: it waits, or it is left out."""

    state: JobState
    reason: str


def is_closed(calendar: str, tz: str, at: int) -> bool:
    """Does a job's calendar (`Claimed.calendar`) keep it from leaving at `at`?"""
    return closed(read(calendar), tz, at) is not None


def shut_out(db: Database, number: int, token: int, now: int) -> ShutOut | None:
    """Let the job wait for its calendar's opening, or leave it out. Inside a transaction.

    None: a newer claim holds it, or it is open after all and was given back.
    """
    row = db.row(HELD, {"id": number, "token": token})
    if row is None:
        return None
    schedule_id, is_asked_for, due_at, until_at, grace_ms, *rule, key = row
    calendar, recurrence = read(key), rule_of(*rule)
    ruled = ruling(calendar, recurrence, due_at, now)
    if ruled is None or (ruled.at is not None and ruled.at < now):
        db.execute(GIVE_BACK, {"id": number, "state": GIVEN_BACK})
        return None
    if is_asked_for and ruled.leaves_out(until_at):
        ruled = Ruling(ruled.error, opening(calendar, recurrence.tz, now))
    elif ruled.at is not None and ruled.leaves_out(until_at):
        by = ruled.at if until_at is None else min(ruled.at, until_at)
        coming = following(calendar, recurrence, max(now, due_at), by)
        later = {"schedule_id": schedule_id, "due_at": due_at, "by": by}
        if not (coming or db.value(WAITS_BY_THEN, later)):
            ruled = replace(ruled, following=None)
    told = {"id": number, "reason": ruled.error}
    if ruled.leaves_out(until_at):
        db.execute(LEAVE_OUT, {**told, "state": SKIPPED})
        return ShutOut(SKIPPED, ruled.error)
    db.execute(PUT_BACK, {**told, "state": GIVEN_BACK, "at": ruled.at, "grace_ms": grace_ms})
    return ShutOut(GIVEN_BACK, ruled.error)
