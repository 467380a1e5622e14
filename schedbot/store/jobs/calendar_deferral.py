"""Defer or skip a job whose calendar is closed: when it is about to be sent, and when its calendar changes.

Rule: the same decision as at enqueue time, made now, except that only an occurrence that is still to be posted
replaces another. Nothing moves to an instant that has passed. A job that a person requested is deferred, never
skipped for a later one. A skipped job that has attempts is `failed`; without any it is `skipped`.
"""

from dataclasses import dataclass, replace

from schedbot.model import JobState, Recurrence
from schedbot.rules.calendar import (
    Calendar,
    CalendarDecision,
    decide,
    find_closure,
    find_opening,
    find_replacement,
    is_skipped,
)
from schedbot.rules.lifecycle import Event, after
from schedbot.rules.misfire import MIN_GRACE_MS
from schedbot.store.database import Database
from schedbot.store.jobs import pacing
from schedbot.store.jobs.pending import IS_PENDING
from schedbot.store.schedules.job_days import ON_OPEN_DAYS, on_days
from schedbot.store.schedules.recurrences import rule_columns
from schedbot.store.schedules.shared_calendars import CALENDAR, CalendarOwner, parse_calendar

SKIPPED = after(JobState.QUEUED, Event.SKIPPED)
FAILED = after(JobState.QUEUED, Event.SKIPPED_AFTER_ATTEMPT)
RELEASED = after(JobState.RUNNING, Event.RELEASED)

JOBS = f"""
SELECT jobs.id, jobs.schedule_id, jobs.workspace_id, jobs.due_at, jobs.deferred_to, jobs.deferred_by, jobs.is_requested,
       jobs.attempts, v.until_at,
       CASE WHEN jobs.is_requested THEN max(v.grace_ms, {MIN_GRACE_MS}) ELSE v.grace_ms END AS grace_ms,
       {rule_columns("rule")}, {CALENDAR} AS calendar_text
  FROM schedules s
  JOIN schedule_versions v ON v.schedule_id = s.id AND v.version = s.version
  JOIN recurrences r ON r.id = s.recurrence_id
  JOIN jobs ON jobs.schedule_id = s.id
"""

CLAIMED = f"{JOBS} WHERE jobs.id = :id AND jobs.token = :token AND jobs.state = 'running'"

# Extra jobs have no calendar. CROSS JOIN: from the schedules to their jobs.
WAITING = f"""
{JOBS.replace("JOIN jobs", "CROSS JOIN jobs")}
 WHERE jobs.{ON_OPEN_DAYS} AND s.state <> 'removed' AND jobs.kind = 'scheduled' AND {IS_PENDING}
"""

OF_SCHEDULE = f"{WAITING} AND s.id = :schedule_id"

OF_ACCOUNT = f"{WAITING} AND s.account = :account"

OF_WORKSPACE = f"{WAITING} AND s.workspace_id = :workspace_id"

LATER_OCCURRENCES = f"""
SELECT due_at FROM jobs
 WHERE {on_days(":due_at", ":by")} AND schedule_id = :schedule_id AND due_at > :due_at AND due_at <= :by
   AND kind = 'scheduled'
   AND state IN ('queued', 'running', 'unknown')
"""

SKIP = """
UPDATE jobs
   SET state = :state, token = NULL, lease_until = NULL, error = :error,
       deferred_to = CASE WHEN attempts > 0 THEN deferred_to END,
       deferred_by = CASE WHEN attempts > 0 THEN deferred_by END
 WHERE id = :id
"""

DEFER = """
UPDATE jobs
   SET state = :state, token = NULL, lease_until = NULL, available_at = :at, deferred_to = :at, deferred_by = :reason,
       deadline_at = max(deadline_at, :at + :grace_ms)
 WHERE id = :id
"""

RELEASE = "UPDATE jobs SET state = :state, token = NULL, lease_until = NULL WHERE id = :id"

# A job that is overdue (late, backing off, or sent again) goes at the opening. Any other keeps its distance from its
# instant: its jitter, and its place in the channel or behind a hold of the workspace.
RESCHEDULE = """
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


@dataclass(frozen=True, slots=True)
class DeferrableJob:
    """A job that is not sent yet, with its calendar. `is_requested`: a person sent it again, or backfilled it."""

    id: int
    schedule_id: str
    workspace_id: str
    due_at: int
    deferred_to: int | None
    deferred_by: str | None
    is_requested: bool
    attempts: int
    until_at: int | None
    grace_ms: int
    rule: Recurrence
    calendar_text: str

    @property
    def calendar(self) -> Calendar:
        """Calendar of the schedule."""
        return parse_calendar(self.calendar_text)


@dataclass(frozen=True, slots=True)
class DeferralResult:
    """State of a job that was deferred or skipped, and the reason."""

    state: JobState
    reason: str


@dataclass(slots=True)
class DeferralCounts:
    """Number of pending jobs that are posted at another instant after a change, and of those that are skipped."""

    moved: int = 0
    skipped: int = 0


def is_closed(calendar: str, tz: str, at: int) -> bool:
    """Does a claimed job's calendar keep it from being posted at `at`?"""
    return find_closure(parse_calendar(calendar), tz, at) is not None


def defer_or_skip(db: Database, job_id: int, token: int, now: int) -> DeferralResult | None:
    """Defer the claimed job to its calendar's opening, or skip it. Inside a transaction.

    None: a newer claim holds the job, or its calendar is open after all and it went back to the queue.
    """
    job = db.first(DeferrableJob, CLAIMED, {"id": job_id, "token": token})
    if job is None:
        return None
    decision = decide_now(db, job, now)
    if decision is None or (decision.at is not None and decision.at < now):
        db.execute(RELEASE, {"id": job_id, "state": RELEASED})
        return None
    if decision.at is None:
        return DeferralResult(skip(db, job, decision.reason), decision.reason)
    bindings = {"id": job_id, "reason": decision.reason, "at": decision.at, "grace_ms": job.grace_ms}
    db.execute(DEFER, {**bindings, "state": RELEASED})
    return DeferralResult(RELEASED, decision.reason)


def reevaluate_schedule(db: Database, schedule_id: str, now: int) -> DeferralCounts:
    """Decide again on the pending jobs of one schedule, by its calendar as it is now. Inside a transaction."""
    return reevaluate(db, db.all(DeferrableJob, OF_SCHEDULE, {"schedule_id": schedule_id}), now)


def reevaluate_owner(db: Database, owner: CalendarOwner, now: int) -> DeferralCounts:
    """Decide again on the pending jobs of an account or a workspace. Inside a transaction."""
    if owner.workspace_id is None:
        return reevaluate(db, db.all(DeferrableJob, OF_ACCOUNT, {"account": owner.account}), now)
    return reevaluate(db, db.all(DeferrableJob, OF_WORKSPACE, {"workspace_id": owner.workspace_id}), now)


def reevaluate(db: Database, jobs: list[DeferrableJob], now: int) -> DeferralCounts:
    counts = DeferralCounts()
    for job in jobs:
        decision = decide_now(db, job, now)
        if decision and decision.at is None:
            skip(db, job, decision.reason)
            counts.skipped += 1
        else:
            counts.moved += reschedule(db, job, decision, now)
    return counts


def decide_now(db: Database, job: DeferrableJob, now: int) -> CalendarDecision | None:
    """Decide on a job that is posted at `now`, or when it is due. None: post it. A decision without `at`: skip it."""
    at = max(job.due_at, now)
    if job.is_requested:
        closure = find_closure(job.calendar, job.rule.tz, at)
        if closure is None:
            return None
        return CalendarDecision(closure.reason, find_opening(job.calendar, job.rule.tz, at))
    decision = decide(job.calendar, job.rule, job.due_at, at)
    if decision is None or decision.at is None:
        return decision
    if decision.skips(job.until_at) and has_replacement(db, job, decision.at, at):
        return CalendarDecision(decision.reason)
    return replace(decision, replaced_by=None)


def has_replacement(db: Database, job: DeferrableJob, opens_at: int, now: int) -> bool:
    """Is a later occurrence, due up to the opening, still to be posted?"""
    by = opens_at if job.until_at is None else min(opens_at, job.until_at)
    if find_replacement(job.calendar, job.rule, now, by):
        return True
    later = db.integers(LATER_OCCURRENCES, {"schedule_id": job.schedule_id, "due_at": job.due_at, "by": by})
    return any(not is_skipped(job.calendar, job.rule, due_at) for due_at in later)


def skip(db: Database, job: DeferrableJob, reason: str) -> JobState:
    """Settle the job as not posted. Returns its state. Inside a transaction."""
    state = FAILED if job.attempts else SKIPPED
    db.execute(SKIP, {"id": job.id, "state": state, "error": reason})
    return state


def reschedule(db: Database, job: DeferrableJob, decision: CalendarDecision | None, now: int) -> bool:
    """Move a pending job to the instant of the decision. False: it is at that instant already."""
    was_at = job.due_at if job.deferred_to is None else job.deferred_to
    at = job.due_at if decision is None or decision.at is None else decision.at
    at = at if at > now else min(was_at, now)
    reason = None if at == job.due_at else decision.reason if decision else job.deferred_by
    if at == was_at and (at <= now or reason == job.deferred_by):
        return False
    held_until = pacing.get_free_at(db, job.workspace_id, pacing.POST, "", now)
    instants = {"now": now, "was_at": was_at, "at": at, "held_until": held_until}
    deferred = {"deferred_to": at if reason else None, "deferred_by": reason}
    db.execute(RESCHEDULE, {**instants, **deferred, "id": job.id, "grace_ms": job.grace_ms, "state": RELEASED})
    return True
