"""What waits is ruled on again when the calendar that keeps it changes: put off anew, brought back, or left out.

Rule: nothing is moved to an instant that has passed, and what was to go already stays unless it may not go now.
Costs what waits of those schedules. A job that is in hand and has not left loses its token: it is claimed again.
"""

from dataclasses import dataclass

from schedbot.store.database import Database, Row
from schedbot.store.fanout.calendar_rulings import Ruling
from schedbot.store.jobs import pacing
from schedbot.store.jobs.calendar_hold import KEPT, Kept, kept, leave_out, ruled
from schedbot.store.jobs.pending import GIVEN_BACK, WAITS
from schedbot.store.schedules.shared_calendars import Whose

# An extra job, which no calendar keeps, is never due at a full second.
WAITING = f"{KEPT} WHERE s.state <> 'removed' AND jobs.due_at % 1000 = 0 AND {WAITS}"

OF_SCHEDULE = f"{WAITING} AND s.id = :schedule_id"

OF_ACCOUNT = f"{WAITING} AND s.account = :account"

OF_WORKSPACE = f"{WAITING} AND s.workspace_id = :workspace_id"

# What was to go by now and still waits (it is late, backs off, or is sent again) goes at the opening and no later. The
# rest keeps what it has of its own beside its instant: its jitter and its place in the channel, or behind a hold.
PUT_OFF = """
UPDATE jobs
   SET state = :state, token = NULL, lease_until = NULL,
       available_at = CASE WHEN :was_at <= :now THEN max(available_at, :at)
                           WHEN available_at < :held_until THEN max(:held_until, available_at + :at - :was_at)
                           ELSE max(:at, :held_until) + available_at - max(:was_at, :held_until) END,
       deadline_at = CASE WHEN :was_at > :now THEN deadline_at + :at - :was_at
                          ELSE max(deadline_at, :at + :grace_ms) END,
       deferred_to = :deferred_to, deferred_by = :deferred_by
 WHERE id = :id
"""


@dataclass(slots=True)
class Reruled:
    """How many jobs that waited now go at another instant, and how many are left out."""

    moved: int = 0
    left_out: int = 0


def of_schedule(db: Database, schedule_id: str, now: int) -> Reruled:
    """Rule again on what waits for one schedule, as it now stands. Inside a transaction."""
    return rule_again(db, db.rows(OF_SCHEDULE, {"schedule_id": schedule_id}), now)


def of_all(db: Database, whose: Whose, now: int) -> Reruled:
    """Rule again on what waits for an account, or a workspace. Inside a transaction."""
    if whose.workspace_id is None:
        return rule_again(db, db.rows(OF_ACCOUNT, {"account": whose.account}), now)
    return rule_again(db, db.rows(OF_WORKSPACE, {"workspace_id": whose.workspace_id}), now)


def rule_again(db: Database, waiting: list[Row], now: int) -> Reruled:
    done = Reruled()
    for job in map(kept, waiting):
        found = ruled(db, job, now)
        if found and found.at is None:
            leave_out(db, job, found.error)
            done.left_out += 1
        else:
            done.moved += moved(db, job, found, now)
    return done


def moved(db: Database, job: Kept, found: Ruling | None, now: int) -> bool:
    """Let a job go when it is to go by now. False: that is when it went anyway."""
    was_at = job.due_at if job.deferred_to is None else job.deferred_to
    at = job.due_at if found is None or found.at is None else found.at
    at = at if at > now else min(was_at, now)
    by = None if at == job.due_at else found.error if found else job.deferred_by
    if at == was_at and (at <= now or by == job.deferred_by):
        return False
    held_until = pacing.free_at(db, job.workspace_id, pacing.POST, "", now)
    told = {"id": job.id, "now": now, "was_at": was_at, "at": at, "grace_ms": job.grace_ms, "held_until": held_until}
    deferred = {"deferred_to": at if by else None, "deferred_by": by}
    db.execute(PUT_OFF, {**told, **deferred, "state": GIVEN_BACK})
    return True
