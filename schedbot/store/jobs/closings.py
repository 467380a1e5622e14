"""A job that is about to leave while its calendar is closed: put back to the opening, or left out, with the reason.

Rule: `keeping` says which; the deadline moves with it. Ruled on in the transaction that writes it, by the calendar as
it then stands, and under the claim's token.
"""

from dataclasses import dataclass

from schedbot.model import JobState
from schedbot.rules.lifecycle import Event, after
from schedbot.store.database import Database
from schedbot.store.fanout.calendar_rulings import closed, read
from schedbot.store.jobs.calendar_hold import KEPT, kept, leave_out, ruled

GIVEN_BACK = after(JobState.RUNNING, Event.GIVEN_BACK)

HELD = f"{KEPT} WHERE jobs.id = :id AND jobs.token = :token AND jobs.state = 'running'"

PUT_BACK = """
UPDATE jobs
   SET state = :state, token = NULL, lease_until = NULL, available_at = :at, deferred_to = :at, deferred_by = :reason,
       deadline_at = max(deadline_at, :at + :grace_ms)
 WHERE id = :id
"""

GIVE_BACK = "UPDATE jobs SET state = :state, token = NULL, lease_until = NULL WHERE id = :id"


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
    job = kept(row)
    found = ruled(db, job, now)
    if found is None or (found.at is not None and found.at < now):
        db.execute(GIVE_BACK, {"id": number, "state": GIVEN_BACK})
        return None
    if found.at is None:
        return ShutOut(leave_out(db, job, found.error), found.error)
    told = {"id": number, "reason": found.error, "at": found.at, "grace_ms": job.grace_ms}
    db.execute(PUT_BACK, {**told, "state": GIVEN_BACK})
    return ShutOut(GIVEN_BACK, found.error)
