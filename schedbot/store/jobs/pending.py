"""Pending jobs of a schedule: cancel or skip them, let them follow a change, add an extra one.

A job is pending while it is queued, or running with no request on its way to Slack. A running one loses its token, so
the pool that claimed it can neither send nor settle it. A job of which a part is posted is not pending: its message is
ended.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from schedbot.model import CancelReason, JobKind, JobState, Schedule
from schedbot.rules.lifecycle import NEW, Event, after
from schedbot.rules.misfire import MIN_GRACE_MS
from schedbot.store.database import Database
from schedbot.store.schedules import pauses_of_all
from schedbot.store.schedules.job_days import ON_OPEN_DAYS, day_of

NEVER = 2**62  # an instant that does not come
CANCELLED = after(JobState.QUEUED, Event.CANCELLED)
SKIPPED = after(JobState.QUEUED, Event.SKIPPED)
RELEASED = after(JobState.RUNNING, Event.RELEASED)
ENQUEUED_AGAIN = after(JobState.CANCELLED, Event.ENQUEUED_AGAIN)

# An attempt with sent_at and no end is on its way, or may be.
IS_PENDING = """
       jobs.state IN ('queued', 'running') AND jobs.parts_posted = 0
   AND NOT EXISTS (SELECT 1 FROM attempts a
                    WHERE a.job_id = jobs.id AND a.ended_at IS NULL AND a.sent_at IS NOT NULL)
"""

OF_SCHEDULE = f"jobs.{ON_OPEN_DAYS} AND jobs.schedule_id = :schedule_id"

LIST = f"SELECT id, due_at, state FROM jobs WHERE {OF_SCHEDULE} AND {IS_PENDING}"

SETTLE = f"""
UPDATE jobs SET state = :state, cancel_reason = :reason, token = NULL, lease_until = NULL
 WHERE {OF_SCHEDULE} AND (:due_at IS NULL OR due_at = :due_at) AND {IS_PENDING}
"""

CANCEL_ALL = f"""
UPDATE jobs SET state = :state, cancel_reason = :reason, token = NULL, lease_until = NULL
 WHERE id IN (SELECT id FROM jobs WHERE state = 'queued' AND parked = 0
              UNION ALL SELECT id FROM jobs WHERE state = 'queued' AND parked = 1
              UNION ALL SELECT id FROM jobs WHERE state = 'running')
   AND {IS_PENDING}
"""

# A longer or shorter grace moves the deadline by the difference. A job that a person requested has all its grace before
# it, so a shorter grace takes nothing from it.
FOLLOW = f"""
UPDATE jobs
   SET state = :released, token = NULL, lease_until = NULL, workspace_id = :workspace_id,
       parked = (SELECT paused_at IS NOT NULL FROM workspaces WHERE id = :workspace_id),
       deadline_at = deadline_at + CASE WHEN is_requested THEN max(:longer_ms, 0) ELSE :longer_ms END
 WHERE {OF_SCHEDULE} AND {IS_PENDING}
"""

# Due before the pause and deferred to an instant after it, so the pause does not concern it.
DEFERRED_PAST_PAUSE = """
 WHERE schedule_id = :schedule_id AND due_at <= :now AND deferred_to > :now
   AND state = 'cancelled' AND deferred_to IS NOT NULL AND cancel_reason IN ('schedule_paused', 'all_paused')
"""

REQUEUE = f"""
UPDATE jobs
   SET state = :enqueued_again, error = NULL, cancel_reason = NULL, workspace_id = :workspace_id,
       parked = (SELECT paused_at IS NOT NULL FROM workspaces WHERE id = :workspace_id)
{DEFERRED_PAST_PAUSE}
"""

KEEP_CANCELLED = f"UPDATE jobs SET cancel_reason = :reason {DEFERRED_PAST_PAUSE}"

# An occurrence in a missed span is on record already, if the clock was set back to before it.
SKIP_IN_ADVANCE = """
INSERT INTO jobs (schedule_id, workspace_id, due_at, available_at, deadline_at, state, cancel_reason)
SELECT s.id, :workspace_id, :due_at, :due_at, :due_at, :state, :reason
  FROM schedules s
 WHERE s.id = :schedule_id
   AND NOT EXISTS (SELECT 1 FROM missed_spans m
                    WHERE m.schedule_id = s.id AND m.recurrence_id = s.recurrence_id
                      AND m.first_due_at <= :due_at AND m.last_due_at >= :due_at)
ON CONFLICT (day, schedule_id, due_at) DO UPDATE SET state = excluded.state, cancel_reason = excluded.cancel_reason
 WHERE jobs.state = 'cancelled' AND jobs.attempts = 0
"""

UNSKIP = f"""
UPDATE jobs
   SET state = :queued, cancel_reason = NULL, error = NULL, workspace_id = :workspace_id, available_at = due_at,
       deadline_at = due_at + :grace_ms,
       parked = (SELECT paused_at IS NOT NULL FROM workspaces WHERE id = :workspace_id)
 WHERE day = {day_of(":due_at")} AND schedule_id = :schedule_id AND due_at = :due_at
   AND state = 'skipped' AND cancel_reason = :reason
"""

LIST_SKIPPED = """
SELECT schedule_id, due_at, coalesce(cancel_reason, error, 'skipped') AS reason FROM jobs
 WHERE due_at > :after AND state = 'skipped' AND (:schedule_id IS NULL OR schedule_id = :schedule_id)
"""

ENQUEUE_EXTRA = """
INSERT INTO jobs (schedule_id, workspace_id, kind, due_at, available_at, deadline_at, state, parked, is_requested)
SELECT :schedule_id, w.id, :kind, :due_at, :now, :due_at + :grace_ms, :state, w.paused_at IS NOT NULL, 1
  FROM workspaces w
 WHERE w.id = :workspace_id
ON CONFLICT (day, schedule_id, due_at) DO NOTHING
RETURNING id
"""

COUNT_TO_SEND = f"""
SELECT count(*) FROM jobs
 WHERE {OF_SCHEDULE} AND state = 'queued' AND parked = 0 AND deadline_at >= :now
   AND coalesce(deferred_to, due_at) <= :now
"""

GET_JOB = """
SELECT id, due_at, state, coalesce(cancel_reason, error) AS error, lateness_ms, parked FROM jobs WHERE id = :id
"""


@dataclass(frozen=True, slots=True)
class PendingJob:
    """A job that can still be cancelled."""

    id: int
    due_at: int
    state: JobState


@dataclass(frozen=True, slots=True)
class ExtraJob:
    """An extra job, as `run-now` shows it."""

    id: int
    due_at: int
    state: JobState
    error: str | None
    lateness_ms: int | None
    parked: bool = False  # its workspace is paused


@dataclass(frozen=True, slots=True)
class SkippedOccurrence:
    """An occurrence that a person or a calendar skipped."""

    schedule_id: str
    due_at: int
    reason: str


class SkippedOccurrences(dict[tuple[str, int], str]):
    """Reasons of skipped occurrences by (schedule_id, due_at). Before `posts_from`, no schedule has an occurrence."""

    def __init__(self, reasons: Mapping[tuple[str, int], str], posts_from: int = 0) -> None:
        super().__init__(reasons)
        self.posts_from = posts_from


def list_pending(db: Database, schedule_id: str) -> list[PendingJob]:
    """Return the pending jobs of a schedule, in order of due_at."""
    return sorted(db.all(PendingJob, LIST, {"schedule_id": schedule_id}), key=lambda job: job.due_at)


def cancel(db: Database, schedule_id: str, reason: CancelReason, due_at: int | None = None) -> int:
    """Cancel the pending jobs of a schedule, or only the occurrence `due_at`. Returns the number of cancelled jobs."""
    return db.execute(SETTLE, {"schedule_id": schedule_id, "state": CANCELLED, "reason": reason, "due_at": due_at})


def cancel_all(db: Database, reason: CancelReason) -> int:
    """Cancel the pending jobs of all schedules. Returns the number of cancelled jobs. Inside a transaction."""
    return db.execute(CANCEL_ALL, {"state": CANCELLED, "reason": reason})


def requeue_deferred(db: Database, schedule: Schedule, now: int) -> int:
    """Queue again the jobs that a pause cancelled and a calendar had deferred beyond `now`. Returns their number.

    While all schedules are paused, they wait for the end of that pause.
    """
    pause = pauses_of_all.get_open(db)
    if pause and (pause.paused_until is None or pause.paused_until > now + 1):
        reason = CancelReason.ALL_PAUSED
        db.execute(KEEP_CANCELLED, {"schedule_id": schedule.id, "reason": reason, "now": now})
        return 0
    bindings = {"schedule_id": schedule.id, "workspace_id": schedule.workspace_id, "now": now}
    return db.execute(REQUEUE, {**bindings, "enqueued_again": ENQUEUED_AGAIN})


def keep_cancelled(db: Database, schedule_id: str, now: int) -> None:
    """Keep such jobs cancelled when the pause ends: the schedule has another rule by now."""
    bindings = {"schedule_id": schedule_id, "reason": CancelReason.SCHEDULE_EDITED, "now": now}
    db.execute(KEEP_CANCELLED, bindings)


def skip(db: Database, schedule: Schedule, due_at: int) -> bool:
    """Skip one occurrence, pending or not enqueued yet. False: it was sent, is settled or was missed."""
    bindings = {"schedule_id": schedule.id, "due_at": due_at, "reason": CancelReason.SKIPPED_BY_HAND}
    if db.execute(SETTLE, {**bindings, "state": SKIPPED}):
        return True
    skipped = {**bindings, "workspace_id": schedule.workspace_id, "state": NEW[Event.SKIPPED]}
    return db.execute(SKIP_IN_ADVANCE, skipped) == 1


def unskip(db: Database, schedule: Schedule, due_at: int) -> bool:
    """Queue an occurrence that a person skipped. False: it is not skipped. Inside a transaction."""
    bindings = {
        "schedule_id": schedule.id,
        "workspace_id": schedule.workspace_id,
        "due_at": due_at,
        "grace_ms": schedule.terms.grace_ms,
        "reason": CancelReason.SKIPPED_BY_HAND,
        "queued": after(JobState.SKIPPED, Event.RETRIED),
    }
    return db.execute(UNSKIP, bindings) == 1


def follow_schedule(db: Database, schedule: Schedule, longer_ms: int) -> int:
    """Let pending jobs follow a change of their schedule; deadlines move by `longer_ms`. Returns their number."""
    bindings = {"schedule_id": schedule.id, "workspace_id": schedule.workspace_id, "longer_ms": longer_ms}
    return db.execute(FOLLOW, {**bindings, "released": RELEASED})


def count_to_send(db: Database, schedule_id: str, now: int) -> int:
    """Return the number of jobs of a schedule that have been due and may be sent now."""
    return db.integer(COUNT_TO_SEND, {"schedule_id": schedule_id, "now": now})


def list_skipped(db: Database, after: int, schedule_id: str | None = None) -> SkippedOccurrences:
    """Return the reasons of occurrences after `after` that are skipped already, and the end of a pause of all."""
    skipped = db.all(SkippedOccurrence, LIST_SKIPPED, {"after": after, "schedule_id": schedule_id})
    pause = pauses_of_all.get_present(db, after)
    posts_from = 0 if pause is None else NEVER if pause.paused_until is None else pause.paused_until
    reasons = {(occurrence.schedule_id, occurrence.due_at): occurrence.reason for occurrence in skipped}
    return SkippedOccurrences(reasons, posts_from)


def enqueue_extra(db: Database, schedule: Schedule, now: int) -> ExtraJob:
    """Enqueue one job beside the occurrences, due now or some milliseconds later. Inside a transaction."""
    state = NEW[Event.ENQUEUED]
    bindings = {
        "schedule_id": schedule.id,
        "workspace_id": schedule.workspace_id,
        "kind": JobKind.EXTRA,
        "now": now,
        "grace_ms": max(schedule.terms.grace_ms, MIN_GRACE_MS),
        "state": state,
    }
    due_at = now
    while True:
        due_at += due_at % 1000 == 0  # an occurrence is due at a full second, and no extra job takes its place
        job_id = db.integer_or_none(ENQUEUE_EXTRA, {**bindings, "due_at": due_at})
        if job_id is not None:
            return ExtraJob(job_id, due_at, state, None, None)
        due_at += 1


def get_job(db: Database, job_id: int) -> ExtraJob:
    """Return one job. Raises LookupError for an id that does not exist."""
    job = db.first(ExtraJob, GET_JOB, {"id": job_id})
    if job is None:
        raise LookupError(f"job {job_id}")
    return job
